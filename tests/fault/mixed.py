#!/usr/bin/python3 -B
"""An ordinary day, for as long as wanted: parents log in, look, book, cancel and poll, staff check children in at the door.
Families come for the first time, activities are published, cancelled and over, requests are wrong in every way, and
connections come and go. Nothing is broken; what is looked at is whether the server grows.

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
import contextlib
import datetime
import itertools
import pathlib
import random
import statistics
import sys
import time
import urllib.parse

from judge_tool import wire
from stores import Gate, Ledger
from town import Town, eventually, instant, now

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
NEW_FAMILY_S = 2
NEW_ACTIVITY_S = 10
FLEETING = 4  # of the activities that come and go; the oldest is cancelled, or over by then
BAD_REQUEST_S = 0.2
CHURN_S = 0.1
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
        self.station_id = town.station["id"]
        self.activities = [town.activity(programme, CAPACITY, starts_in=24 * 20 + hour) for hour in range(ACTIVITIES)]
        self.fleeting = []
        self.came = collections.Counter()  # what was there for the first time

    async def live(self, seconds):
        everybody = [Family(self, f"parent-{number}", f"{self._seed} {number}") for number in range(FAMILIES)]
        everybody += [Newcomers(self, self._seed), Station(self), BadRequests(self), Churn(self)]
        living = [asyncio.create_task(somebody.live()) for somebody in everybody]
        over = asyncio.create_task(asyncio.sleep(seconds))
        await asyncio.wait([over, *living], return_when=asyncio.FIRST_COMPLETED)
        self._over.set()
        over.cancel()
        await asyncio.gather(*living)

    async def rest(self, seconds):
        """No longer than the day."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)

    @property
    def address(self):
        return urllib.parse.urlsplit(self._url)

    @property
    def over(self):
        return self._over.is_set()

    async def call(self, link, method, path, allowed, token=None, body=None, key=None):
        """The answer, whose status is one of `allowed`."""
        answer = await link.call(self._url, method, path, token, body, key, TIMEOUT_S)
        self.count(method, path, answer.status, answer.json.get("code", ""))
        if answer.status not in allowed:
            raise Unexpected(f"{method} {path} was answered {answer.status} {answer.json}")
        return answer

    def count(self, method, path, status, code):
        shape = "/".join("…" if len(part) == 32 else part for part in path.partition("?")[0].split("/"))
        self.answers[f"{method} {shape} {status} {code}".rstrip()] += 1

    async def staff_call(self, link, method, path, allowed, body=None):
        return await self.call(link, method, path, allowed, self._staff, body)


class Family:
    """One parent with one child, who comes back all day."""

    def __init__(self, day, openid, seed):
        self._day = day
        self._openid = openid
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

    async def visit(self):
        """Once, for an activity that is new as well, if there is one."""
        try:
            await self._log_in()
            await self._look()
            await self._book(self._choice.choice(self._day.fleeting or self._day.activities), (201, 404, 409))
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

    async def _book(self, activity=None, allowed=(201, 409)):
        """A seat, if there is one; perhaps the child is there, and in the end they give it up. Of what comes and goes a
        seat is kept."""
        lasting = activity is None
        activity = activity or self._choice.choice(self._day.activities)
        self._keys += 1
        answer = await self._day.call(self._link, "POST", f"/activities/{activity['id']}/bookings", allowed,
                                      self._token, {"attendee_id": self._child},
                                      f"mixed-key-{self._keys}-{self._openid}")
        if answer.status != 201 or not lasting:
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


class Newcomers:
    """A family every few seconds that was never there before."""

    def __init__(self, day, seed):
        self._day = day
        self._seed = seed

    async def live(self):
        while not self._day.over:
            self._day.came["families"] += 1
            name = f"newcomer-{self._day.came['families']}"
            await Family(self._day, name, f"{self._seed} {name}").visit()
            await self._day.rest(NEW_FAMILY_S)


class Station:
    """Publishes programmes of one activity: every other is cancelled after a while, the others are over by then."""

    def __init__(self, day):
        self._day = day
        self._link = wire.Link()

    async def live(self):
        try:
            while not self._day.over:
                await self._publish(goes_by_itself=self._day.came["activities"] % 2 == 1)
                if len(self._day.fleeting) > FLEETING:
                    await self._end(self._day.fleeting.pop(0))
                await self._day.rest(NEW_ACTIVITY_S)
        finally:
            self._link.close()

    async def _publish(self, goes_by_itself):
        """Before it is over, it is among the fleeting ones for longer than a family waits."""
        self._day.came["activities"] += 1
        start = now() + datetime.timedelta(seconds=FLEETING * NEW_ACTIVITY_S / 2 if goes_by_itself else 86_400 * 20)
        end = start + datetime.timedelta(seconds=NEW_ACTIVITY_S)
        programme = await self._call("POST", "/admin/programmes", 201, {
            "station_id": self._day.station_id, "title": "批次", "opens_at": instant(start - datetime.timedelta(days=30)),
            "closes_at": instant(end), "rules": {"max_per_user": 2}})
        activity = await self._call("POST", "/admin/activities", 201, {
            "programme_id": programme["id"], "kind": "class", "title": "活动", "age_min": 0, "age_max": 150,
            "capacity": 20, "sessions": [{"starts_at": instant(start), "ends_at": instant(end), "venue": ""}]})
        await self._call("POST", f"/admin/activities/{activity['id']}/publish", 200)
        self._day.fleeting.append(activity | {"goes_by_itself": goes_by_itself})

    async def _end(self, activity):
        if not activity["goes_by_itself"]:
            await self._call("POST", f"/admin/activities/{activity['id']}/cancel", 200, {"reason": "台风"})
        else:
            shown = await self._call("GET", f"/admin/activities/{activity['id']}", 200)
            if shown["state"] != "finished":
                raise Unexpected(f"an activity that is over is {shown['state']}")
        self._day.came["activities that ended"] += 1

    async def _call(self, method, path, status, body=None):
        return (await self._day.staff_call(self._link, method, path, (status,), body)).json


class BadRequests:
    """What clients get wrong, each on a connection of its own, in turns."""

    JSON = b"Host: town\r\nContent-Type: application/json\r\n"
    LOGIN = b"POST /api/v1/login/dev HTTP/1.1\r\n" + JSON
    ALL = [
        (b"nonsense\r\n\r\n", 400),
        (LOGIN + b"Content-Length: 4\r\n\r\n{\"a\"", 400),
        (LOGIN + b"Content-Length: 2\r\n\r\n{}", 400),
        (LOGIN + b"Content-Length: 99999999\r\n\r\n", 413),
        (LOGIN + b"\r\n", 411),
        (LOGIN.replace(b"application/json", b"text/plain") + b"Content-Length: 2\r\n\r\n{}", 415),
        (b"GET /api/v1/time HTTP/1.1\r\nHost: town\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n", 431),
        (b"GET /api/v1/nothing HTTP/1.1\r\nHost: town\r\n\r\n", 404),
        (b"DELETE /api/v1/time HTTP/1.1\r\nHost: town\r\n\r\n", 405),
        (b"GET /api/v1/me HTTP/1.1\r\nHost: town\r\nAuthorization: Bearer z1.nonsense\r\n\r\n", 401),
        (b"GET /api/v1/activities?limit=-1 HTTP/1.1\r\nHost: town\r\n\r\n", 400),
        (b"GET /api/v1/activities/" + b"f" * 32 + b" HTTP/1.1\r\nHost: town\r\n\r\n", 404),
    ]

    def __init__(self, day):
        self._day = day

    async def live(self):
        for request, status in itertools.cycle(self.ALL):
            if self._day.over:
                return
            told = await self._told(request)
            self._day.count("bad request:", "", told or "cut off", "")
            # A server that has read enough closes, which may overtake its answer.
            if told not in (status, None):
                raise Unexpected(f"{request[:60]} was answered {told}")
            await self._day.rest(BAD_REQUEST_S)

    async def _told(self, request):
        reader, writer = await asyncio.open_connection(self._day.address.hostname, self._day.address.port)
        try:
            writer.write(request)
            async with asyncio.timeout(TIMEOUT_S):
                return int((await reader.readline()).split()[1])
        except (OSError, IndexError):
            return None
        finally:
            writer.close()


class Churn:
    """Connections that come and go: with nothing, with half a request, with a request whose answer nobody waits for."""

    SENT = (b"", b"GET /api/v1/ti", BadRequests.LOGIN + b"Content-Length: 50\r\n\r\n{",
            b"GET /api/v1/activities HTTP/1.1\r\nHost: town\r\n\r\n")

    def __init__(self, day):
        self._day = day

    async def live(self):
        for sent in itertools.cycle(self.SENT):
            if self._day.over:
                return
            _, writer = await asyncio.open_connection(self._day.address.hostname, self._day.address.port)
            writer.write(sent)
            self._day.came["connections that went again"] += 1
            writer.close()
            await self._day.rest(CHURN_S)


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
    for what, count in day.came.items():
        print(f"  {count:8}  {what}")
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
