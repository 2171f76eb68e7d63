#!/usr/bin/python3 -B
"""The long form of the fault tests: every fault of the network and a full binary log, one after the other; then rounds
in which parents press at fresh programmes, of which about half open meanwhile and a few close, and stations change these,
while servers, stores and the network between them are broken, and a judge that knows nothing of the server looks at what
is left.

  scripts/test fault --rounds N [--seed S] [--first K]

Every round's plan is drawn from the seed and its number and printed before it begins: --rounds 1 --first K runs it again, alone. The
histories of rounds with violations stay in var/fault. Exit status: 0 no violation, 1 some.
"""

import argparse
import asyncio
import collections
import http.client
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import bad_network
import full_binary_log
from client import Client, done
from judge_tool import history as histories, verdict
from judge_tool.api import Api
from judge_tool.history import Recorder
from judge_tool.ledger import Ledger
from judge_tool.parents import Parents
from nemesis import GatedServer, Nemesis, draw
from office import Office
from scene import HOLD_TTL_MS, SETTINGS
from support.stack import SOURCE_DIR
from town import Town, eventually

# A hold lasts so long; a server that died keeps the reconciler's turn for five seconds; the rest is for a busy machine.
HEAL_MS = HOLD_TTL_MS + 5_000 + 6_000
READY_TIMEOUT_S = 60
LEAD_S = 2  # to publish everything and to log everybody in, before what opens while they press
CLOCKS_AHEAD_S = (0, 300, -300)  # of the first, the second and the third server
WHOLE_LOG = 10_000_000  # lines
KEPT = SOURCE_DIR / "var" / "fault"


class Scene:
    """A town whose servers come and go, for one round after the other."""

    def __init__(self):
        self.town = Town(**SETTINGS)
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="zl-"))
        self._servers = []  # through gates; the town's own is not needed beside them
        self._arrange_servers(1)
        self.town.stack.server.stop()

    def close(self):
        while self._servers:
            self._servers.pop().stop()
        self.town.stop()
        shutil.rmtree(self._folder)

    def run(self, plan):
        """One round and its verdict."""
        self._arrange_servers(plan.servers)
        begins = time.monotonic() + (LEAD_S if plan.moments else 0)
        made = self._make(plan, begins)
        activities = [activity["id"] for activity in made]
        snapshot = self._ledger().read(self._ledger().programmes_of(activities))
        history = self._folder / f"{plan.name}.jsonl"
        recorder = Recorder(history, plan=str(plan), hold_ttl_ms=HOLD_TTL_MS,
                            capacities={activity["id"]: activity["capacity"] for activity in made})
        try:
            nemesis, office = self._rush(plan, activities, snapshot, begins, recorder)
        finally:
            recorder.close()
        places = self._places()
        try:
            found = verdict.judge(places, [history], HEAL_MS, refill_limit=100)
        finally:
            places.admin.close()
            self._check_servers()
        found.violations += self._too_generous(activities)
        found.violations += [f"a seat stays lost: {booking} was held as long as its writer stood still" for booking in nemesis.kept]
        found.counts["cuts of the network"] = nemesis.cuts
        found.counts["  that hit something"] = nemesis.cuts_that_hit
        found.counts["grants without a commit at a blow"] = nemesis.uncommitted
        found.counts["  returned before their writer woke"] = nemesis.returned
        found.counts["changes by the station that were done"] = office.done
        found.counts |= under_way(histories.read([history]), snapshot)
        if found.violations:
            self._keep(history)
        return found

    def _rush(self, plan, activities, snapshot, begins, recorder):
        """Parents and the office in threads of their own, and the nemesis here: a server ends with the thread that
        started it."""
        parents = Parents(plan.name, plan.families, activities, self._urls, recorder)
        nemesis = Nemesis(self.town.stack, self._servers, recorder, snapshot)
        office = Office(plan.name, self.town.admin.token, self._urls, recorder, activities)
        begun, healed = threading.Event(), threading.Event()

        async def press():
            try:
                await parents.log_in()
                await asyncio.sleep(max(0.0, begins - time.monotonic()))
            finally:
                begun.set()
            await parents.press(plan.seconds, healed)

        with ThreadPoolExecutor(2) as pool:
            pressing = pool.submit(asyncio.run, press())
            try:
                begun.wait()
                working = pool.submit(office.work, plan.changes, time.monotonic(), healed)
                nemesis.perform(plan.blows)
                self._wait_until_ready()
            finally:
                healed.set()
            pressing.result()
            working.result()
        return nemesis, office

    def _urls(self):
        return [server.url for server in self._servers]

    def _arrange_servers(self, count):
        while len(self._servers) > count:
            self._servers.pop().stop()
        while len(self._servers) < count:
            self._servers.append(GatedServer(self.town.stack, CLOCKS_AHEAD_S[len(self._servers)]))
        self.town.admin.close()  # idle for a round, its connection may be closed by the server
        self.town.move(self._servers[0].url)

    def _make(self, plan, begins):
        """The programmes as planned, whose activities every server knows, but for the drafts."""
        activities = []
        for wanted in plan.programmes:
            rules = {name: value for name, value in wanted.items()
                     if name not in ("activities", "opens_s", "closes_s") and value is not None}
            programme = insist(lambda: self.town.programme(**hours_until(wanted, begins), **rules))
            activities += [insist(lambda: self.town.draft(programme, capacity, starts_in=24 * 20 + hour, hours=2))
                           for capacity, hour in wanted["activities"]]
        published = [activity for place, activity in enumerate(activities) if place not in plan.drafts]
        for activity in published:
            insist(lambda: done(self.town.admin.post(f"/admin/activities/{activity['id']}/publish")))
        for server in self._servers:
            public = Api(server.url)
            for activity in published:
                eventually(lambda: public.call("GET", f"/activities/{activity['id']}")[0] == 200, what="publication")
            public.close()
        return activities

    def _wait_until_ready(self):
        for server in self._servers:
            try:
                eventually(lambda: is_ready(server), READY_TIMEOUT_S, f"{server.url} to be ready")
            except AssertionError as error:
                raise AssertionError(f"{error}; its log ends with:\n{server.process.log()}") from None

    def _check_servers(self):
        for server in self._servers:
            server.process.check_log()
            if not server.process.running():
                raise AssertionError(f"a server ended by itself:\n{server.process.log()}")

    def _too_generous(self, activities):
        """The gate may be too strict but never too generous: MySQL would not have sold the seat, and says so in the log."""
        return [f"gate too generous: {line}" for server in self._servers for line in server.process.log(WHOLE_LOG).splitlines()
                if " gate_too_generous " in line and any(activity in line for activity in activities)]

    def _ledger(self):
        stack = self.town.stack
        return Ledger(stack.mysql_socket, "zhonglou_migrate", stack.secret("mysql_migrate_password"))

    def _places(self):
        stack = self.town.stack
        admin = Api(self._servers[0].url)
        admin.log_in_admin(stack.admin_username, stack.admin_password)
        return verdict.Places(self._ledger(), stack.redis_socket, self._urls(), admin)

    @staticmethod
    def _keep(history):
        KEPT.mkdir(parents=True, exist_ok=True)
        for file in (history, history.with_name(f"{history.name}.judge")):
            shutil.copy(file, KEPT / file.name)


def hours_until(wanted, begins):
    """A programme opens and closes, where that is while parents press."""
    ahead_s = begins - time.monotonic()
    return {hours: (ahead_s + wanted[name]) / 3600
            for hours, name in (("opens_in", "opens_s"), ("closes_in", "closes_s")) if name in wanted}


def under_way(recorded, snapshot):
    """How often programmes opened and closed between the first press and the last, and what met that."""
    pressed = [request.invoked for request in recorded.books] or [0]
    programme_of = {activity.id: activity.programme for activity in snapshot.activities.values()}
    counts = {}
    for what, name, code in (("opened", "opens_at", "not_open"), ("closed", "closes_at", "closed")):
        moments = {programme.id: getattr(programme, name) for programme in snapshot.programmes.values()}
        crossed = {programme: moment for programme, moment in moments.items() if min(pressed) < moment < max(pressed)}
        counts[f"programmes that {what} under way"] = len(crossed)
        counts[f"  {what} while something was broken"] = sum(
            any(fault.at <= moment <= fault.until for fault in recorded.faults) for moment in crossed.values())
        counts[f"  presses there that were told {code}"] = sum(
            request.code == code and programme_of[request.activity] in crossed for request in recorded.books)
    return counts


def insist(call):
    """What a staff call gives, which may be told to come back: after a round a thread may still wait before it tries
    MySQL again."""
    faults = []

    def attempt():
        try:
            return [call()]
        except AssertionError as error:
            faults.append(str(error))
            return None

    try:
        return eventually(attempt, READY_TIMEOUT_S)[0]
    except AssertionError:
        raise AssertionError(faults[-1]) from None


def is_ready(server):
    client = Client(server.url)
    try:
        return client.get("/readyz").status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--seed", default="20180701")
    parser.add_argument("--first", type=int)
    options = parser.parse_args()
    began = time.monotonic()
    totals = collections.Counter()
    failed = []
    if options.first is None:
        cases = (bad_network.EveryFault, full_binary_log.WithADiskOfItsOwn, full_binary_log.OnTheDiskOfTheTables)
        slow_faults = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case) for case in cases)
        if not unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(slow_faults).wasSuccessful():
            failed.append("faults one by one")
    first = options.first or 0
    scene = Scene()
    try:
        for number in range(first, first + options.rounds):
            plan = draw(options.seed, number)
            print(plan, flush=True)
            found = scene.run(plan)
            print(found.text(), flush=True)
            totals.update({name: value for name, value in found.counts.items() if isinstance(value, int)})
            if found.violations or found.tested_nothing:
                failed.append(plan.name)
    finally:
        scene.close()
    print(f"{options.rounds} rounds of seed {options.seed} in {time.monotonic() - began:.0f} s:")
    for name, total in totals.items():
        print(f"  {name.strip():36} {total}")
    print(f"failed (violations, or nothing tested): {' '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
