#!/usr/bin/python3 -B
"""An ordinary day, for as long as wanted: parents log in, look, book, cancel and poll, staff check children in at the door.
Nothing is broken; what is looked at is whether the server grows.

  scripts/test fault --mixed [--minutes N] [--seed S]

Resident memory and open descriptors are read every few seconds. The first third of the time, at most five minutes, is
warm-up; the rest is four quarters. PASS (exit status 0) means: the median of the memory in the last quarter is at most
3 %, or 2 MiB, above that of the first; in the last quarter no more descriptors were open at any time than the most of
the first and three; every answer was one that the call may have in calm; and at the end MySQL keeps every invariant and
the gate counts what the ledger has sold.
"""

import argparse
import asyncio
import collections
import pathlib
import random
import statistics
import sys
import time

from judge_tool import wire
from stores import Gate, Ledger
from town import Town, eventually

FAMILIES = 40
ACTIVITIES = 8
CAPACITY = 2  # so that some are told that it is full
SAMPLE_S = 5
SHORTEST_MINUTES = 1
WARM_UP_SHARE = 1 / 3
LONGEST_WARM_UP_S = 300
GROWTH_SHARE = 0.03
GROWTH_MIB = 2
MORE_DESCRIPTORS = 3
PAUSE_S = (0.1, 0.5)  # between two calls of a family; forty of them make about 300 a second
TIMEOUT_S = 60
HEAL_TIMEOUT_S = 30

Sample = collections.namedtuple("Sample", "at_s memory_mib descriptors")


class Unexpected(Exception):
    """An answer that no call gets in calm."""


class Day:
    """The load. `answers` counts what was told."""

    def __init__(self, town, seed):
        self._url = town.url
        self._seed = seed
        self._staff = town.admin.token
        self._over = asyncio.Event()
        self.answers = collections.Counter()
        programme = town.programme()
        self.programme_id = programme["id"]
        self.activities = [town.activity(programme, CAPACITY, starts_in=24 * 20 + hour) for hour in range(ACTIVITIES)]

    async def live(self, seconds):
        families = [asyncio.create_task(Family(self, number, f"{self._seed} {number}").live()) for number in range(FAMILIES)]
        over = asyncio.create_task(asyncio.sleep(seconds))
        await asyncio.wait([over, *families], return_when=asyncio.FIRST_COMPLETED)
        self._over.set()
        over.cancel()
        await asyncio.gather(*families)

    @property
    def over(self):
        return self._over.is_set()

    async def call(self, link, method, path, allowed, token=None, body=None, key=None):
        """The answer, whose status is one of `allowed`."""
        answer = await link.call(self._url, method, path, token, body, key, TIMEOUT_S)
        shape = "/".join("…" if len(part) == 32 else part for part in path.partition("?")[0].split("/"))
        self.answers[f"{method} {shape} {answer.status} {answer.json.get('code', '')}".rstrip()] += 1
        if answer.status not in allowed:
            raise Unexpected(f"{method} {path} was answered {answer.status} {answer.json}")
        return answer

    async def staff_call(self, link, method, path, allowed, body=None):
        return await self.call(link, method, path, allowed, self._staff, body)


class Family:
    """One parent with one child, who comes back all day."""

    def __init__(self, day, number, seed):
        self._day = day
        self._openid = f"parent-{number}"
        self._choice = random.Random(seed)
        self._keys = 0
        self._link = wire.Link()
        self._token = None
        self._child = None

    async def live(self):
        try:
            await self._log_in()
            while not self._day.over:
                await self._choice.choice([self._book, self._book, self._look, self._look, self._poll, self._come_back])()
                await self._pause()
        finally:
            self._link.close()

    async def _log_in(self):
        login = await self._call("POST", "/login/dev", (200,), {"openid": self._openid, "nickname": "parent"})
        self._token = login.json["token"]
        if self._child is None:
            child = {"name": "Child", "birth_date": "2016-05-05", "relation": "parent"}
            self._child = (await self._call("POST", "/me/attendees", (201,), child)).json["id"]

    async def _come_back(self):
        """On a new connection, now and then without a word to the old one."""
        self._link.close()
        await self._log_in()

    async def _look(self):
        await self._call("GET", "/stations", (200,))
        await self._call("GET", f"/activities?programme_id={self._day.programme_id}&limit=20", (200,))
        await self._call("GET", "/me", (200,))
        await self._call("GET", "/me/bookings?limit=20", (200,))

    async def _poll(self):
        activity = self._choice.choice(self._day.activities)["id"]
        for _ in range(5):
            await self._call("GET", "/time", (200,))
            await self._call("GET", f"/activities/{activity}", (200,))
            await self._pause()

    async def _book(self):
        """A seat, if there is one; perhaps the child is there, and in the end they give it up."""
        activity = self._choice.choice(self._day.activities)
        self._keys += 1
        answer = await self._day.call(self._link, "POST", f"/activities/{activity['id']}/bookings", (201, 409), self._token,
                                      {"attendee_id": self._child}, f"mixed-key-{self._keys}-{self._openid}")
        if answer.status != 201:
            return
        booking = answer.json["id"]
        await self._pause()
        if self._choice.random() < 0.5:
            body = {"session_id": activity["sessions"][0]["id"], "ticket": answer.json["ticket"]}
            present = await self._day.staff_call(self._link, "POST", "/admin/check-ins", (201,), body)
            await self._day.staff_call(self._link, "POST", "/admin/check-ins", (409,), body)
            await self._day.staff_call(self._link, "GET", f"/admin/activities/{activity['id']}/roster", (200,))
            await self._day.staff_call(self._link, "DELETE", f"/admin/check-ins/{present.json['id']}", (204,))
        await self._call("GET", f"/bookings/{booking}", (200,))
        await self._call("DELETE", f"/bookings/{booking}", (200,))

    async def _call(self, method, path, allowed, body=None):
        return await self._day.call(self._link, method, path, allowed, self._token, body)

    async def _pause(self):
        await asyncio.sleep(self._choice.uniform(*PAUSE_S))


class Meter:
    """Samples of a process, read in the background of the load."""

    def __init__(self, pid):
        self._process = pathlib.Path("/proc") / str(pid)
        self._began = time.monotonic()
        self.samples = []

    async def run(self):
        while True:
            self.samples.append(self._sample())
            if len(self.samples) % 12 == 0:
                print(text_of(self.samples[-1]), flush=True)
            await asyncio.sleep(SAMPLE_S)

    def _sample(self):
        status = (self._process / "status").read_text().splitlines()
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
        return Sample(time.monotonic() - self._began, resident / 1024, sum(1 for _ in (self._process / "fd").iterdir()))


def text_of(sample):
    return f"  {sample.at_s / 60:5.1f} min  {sample.memory_mib:7.1f} MiB  {sample.descriptors:4} descriptors"


def growth(samples, seconds):
    """What has grown, by the rule above, and the figures as text."""
    warm_up = min(seconds * WARM_UP_SHARE, LONGEST_WARM_UP_S)
    steady = [sample for sample in samples if sample.at_s >= warm_up]
    quarter = len(steady) // 4
    first, last = steady[:quarter], steady[-quarter:]
    memory = [statistics.median(sample.memory_mib for sample in part) for part in (first, last)]
    descriptors = [max(sample.descriptors for sample in part) for part in (first, last)]
    faults = []
    if memory[1] > memory[0] + max(memory[0] * GROWTH_SHARE, GROWTH_MIB):
        faults.append("resident memory has grown")
    if descriptors[1] > descriptors[0] + MORE_DESCRIPTORS:
        faults.append("open descriptors have grown")
    figures = (f"after a warm-up of {warm_up:.0f} s, first and last quarter of {len(steady)} samples:\n"
               f"  resident memory  {memory[0]:.1f} MiB and {memory[1]:.1f} MiB ({memory[1] - memory[0]:+.1f}), at the start "
               f"{samples[0].memory_mib:.1f} MiB\n"
               f"  descriptors      at most {descriptors[0]} and {descriptors[1]}")
    return faults, figures


def unsettled(town, programme_id):
    gate, ledger = Gate(town.stack), Ledger(town.stack)
    return [activity_id for activity_id, _, taken in ledger.seats(programme_id)
            if (gate.used(programme_id, activity_id), gate.pending(programme_id, activity_id)) != (taken, 0)]


async def watch(day, meter, seconds):
    sampling = asyncio.create_task(meter.run())
    try:
        await day.live(seconds)
    finally:
        sampling.cancel()
        await asyncio.gather(sampling, return_exceptions=True)


def run(town, seconds, seed):
    """The faults of a day."""
    day = Day(town, seed)
    meter = Meter(town.stack.server.pid)
    faults = []
    try:
        asyncio.run(watch(day, meter, seconds))
    except (Unexpected, wire.Lost, wire.NotSent, TimeoutError) as error:
        faults.append(f"{type(error).__name__} {error}")
    for answer, count in sorted(day.answers.items()):
        print(f"  {count:8}  {answer}")
    print(f"  {day.answers.total():8}  answers in all, {day.answers.total() / seconds:.0f} a second")
    try:
        eventually(lambda: not unsettled(town, day.programme_id), HEAL_TIMEOUT_S, "a gate that counts as the ledger does")
    except AssertionError as error:
        faults.append(str(error))
    faults += Ledger(town.stack).faults()
    grown, figures = growth(meter.samples, seconds)
    print(figures)
    return faults + grown


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mixed", action="store_true", required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", default="20180701")
    options = parser.parse_args()
    if options.minutes < SHORTEST_MINUTES:
        parser.error(f"--minutes: at least {SHORTEST_MINUTES}, or there is nothing to compare")
    town = Town()
    try:
        faults = run(town, options.minutes * 60, options.seed)
    finally:
        town.stop()
    for fault in faults:
        print(f"FAULT {fault}")
    print("FAIL" if faults else "PASS")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
