"""The server is killed between any two steps of booking, cancelling, publishing, closing, checking in and undoing that: at
every crash point that it names itself (src/base/crash_point.hpp), while parents press. Then a judge that knows nothing of
the server looks at what is left. And it is stopped there until others have its seats, and goes on.

ZL_LONG=1 visits each several times, later and later, and stops it in the writer's hands too."""

import asyncio
import contextlib
import http.client
import os
import pathlib
import random
import tempfile
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

from crash_operations import (CAPACITY, RULES, CheckIn, Close, Fenced, HalfRefused, Operation, Publish, Reconciled,
                              Refused, Undo)
from crash_orders import Orders, crash_points, town_under_orders
from judge_tool import ledger as judged
from judge_tool import verdict, wire
from judge_tool.api import Api
from judge_tool.history import Recorder, now_ms
from judge_tool.parents import Parents
from scene import PATIENCE_S, FaultCase, has_seat
from town import eventually

LONG = bool(os.environ.get("ZL_LONG"))
SEED = 20180701
VISITS = 4 if LONG else 1
HOLD_TTL_MS = 1500
SETTINGS = {"booking__hold_ttl_ms": HOLD_TTL_MS, "booking__reconcile_interval_ms": 100, "mysql__item_deadline_ms": 1000,
            "redis__command_timeout_ms": 500}
# A hold lasts so long; a server that died keeps the reconciler's turn for five seconds; the rest is for a busy machine.
HEAL_MS = HOLD_TTL_MS + 5_000 + 6_000
FAMILIES = 4
DIES_WITHIN_S = 30
WALK_AWAY = 50  # of a hundred who were told nothing: their holds are for the server to return

# On a busy machine so many walk away from seats that they have, and never hear of, that none is left to press for.
SEATS_LAST_S = 3
CROWDS = 6

# Points that the pressing parents pass by themselves; the other operations are performed for their points alone.
BY_PARENTS = ("book", "ledger", "http", "cancel")

# test_message_crashes.py, for they need a platform, and test_late_grant_crashes.py, a Redis that answers late.
ELSEWHERE = ("message.", "late_grant.")

orders = None


def setUpModule():
    global orders
    orders = unittest.enterModuleContext(town_under_orders(FaultCase, **SETTINGS))


OPERATIONS = {"publish": Publish, "gate": Publish, "close": Close, "check_in": CheckIn, "undo": Undo,
              "reconcile": Reconciled, "book.denied": Refused, "book.given_back": Refused, "book.fenced": Fenced,
              "book.each_locked": HalfRefused}


def operation_of(point):
    kind = point.split(".")[0]
    found = OPERATIONS.get(point) or OPERATIONS.get(kind)
    if found is None and kind not in BY_PARENTS:
        raise AssertionError(f"no operation is known that passes {point}")
    return found


class KilledAtEveryPoint(FaultCase):
    def test_nothing_is_half_done_or_lost(self):
        moments = random.Random(SEED)
        folder = tempfile.TemporaryDirectory(prefix="zl-")
        self.addCleanup(folder.cleanup)
        history = pathlib.Path(folder.name) / "history.jsonl"
        recorder = Recorder(history, hold_ttl_ms=HOLD_TTL_MS)
        for visit in range(VISITS):
            for point in crash_points():
                if point.startswith(ELSEWHERE):
                    continue
                operation = operation_of(point)
                passes = 1 if operation else moments.randrange(1, 4 + 8 * visit)
                with self.subTest(point=point, passes=passes, visit=visit):
                    self.visit(f"{point}.{passes}.{visit}", point, passes, operation or Operation, recorder)
        recorder.close()
        self.judge(history)

    def visit(self, name, point, passes, kind, recorder):
        """By families of its own, in a programme of its own: a later change of it would have the gate built anew, and hide what
        was lost."""
        programme = self.town.programme(**RULES)
        activity = self.town.activity(programme, CAPACITY)
        operation = kind(self, programme)
        operation.begin()
        enough, healed = threading.Event(), threading.Event()
        at = now_ms()
        with ThreadPoolExecutor(CROWDS) as pool:
            pressing = []
            try:
                if self.stack.server.running():
                    parents = self.crowd_for(activity, name, recorder)
                    orders.give(point, passes)
                    pressing.append(pool.submit(asyncio.run, self.press(parents, enough, healed)))
                else:
                    orders.give(point, passes)
                with contextlib.suppress(OSError, http.client.HTTPException):
                    operation.perform()
                while pressing and len(pressing) < CROWDS and not self.stack.server.ends_within(SEATS_LAST_S):
                    with contextlib.suppress(OSError, http.client.HTTPException, wire.NotSent, wire.Lost):
                        another = self.town.activity(self.town.programme(**RULES), CAPACITY)
                        parents = self.crowd_for(another, f"{name}.{len(pressing)}", recorder)
                        pressing.append(pool.submit(asyncio.run, self.press(parents, enough, healed)))
                self.stack.server.wait_killed(DIES_WITHIN_S)
                self.assertIn(f"crash point {point}", self.stack.server.log())
            finally:
                orders.withdraw()
                if self.stack.server.running():
                    self.stack.server.kill()
                recorder.fault(f"killed at {point}", at, now_ms())
                self.restart_server()
                enough.set()
                healed.set()
            for each in pressing:
                each.result()
        operation.settle()

    def crowd_for(self, activity, name, recorder):
        """Families that are logged in."""
        parents = Parents(name, FAMILIES, [activity["id"]], lambda: [self.stack.url], recorder, walk_away=WALK_AWAY)
        asyncio.run(parents.log_in())
        return parents

    @staticmethod
    async def press(parents, enough, healed):
        await parents.press_until(asyncio.to_thread(enough.wait), healed)

    def judge(self, history):
        stack = self.stack
        admin = Api(self.town.url)
        self.addCleanup(admin.close)
        admin.log_in_admin(stack.admin_username, stack.admin_password)
        ledger = judged.Ledger(stack.mysql_socket, "zhonglou_migrate", stack.secret("mysql_migrate_password"))
        places = verdict.Places(ledger, stack.redis_socket, [self.town.url], admin)
        found = verdict.judge(places, [history], HEAL_MS, refill_limit=100)
        self.assertEqual(found.violations, [], found.text())
        self.assertFalse(found.tested_nothing, found.text())
        self.audit_ledger()


class StoppedBetweenGrantAndAnswer(FaultCase):
    """A writer that stands still until its holds have been looked after by another process, and then goes on."""

    def setUp(self):
        super().setUp()
        self.orders = Orders()
        self.addCleanup(self.orders.folder.cleanup)
        self.late_server = self.stack.start_server({"ZL_CRASH_ORDERS": str(self.orders.file)})
        self.addCleanup(self.late_server.stop)
        self.programme = self.town.programme(**RULES)
        self.activity = self.town.activity(self.programme, CAPACITY)
        late = self.town.client(url=self.late_server.url)
        eventually(lambda: late.get(f"/activities/{self.activity['id']}").status == 200, what="the activity at both")

    def seats_of(self, point):
        """Seats that the late ones have in the end."""
        late, strangers = self.crowd(CAPACITY), self.crowd(CAPACITY)
        self.orders.give(point, 1, "stop")
        presses = late.press_until_told(self.activity, lambda: self.late_server.url)
        try:
            eventually(self.late_server.stands_still, PATIENCE_S, f"the stop at {point}")
            self.orders.withdraw()
            eventually(lambda: self.gate.pending(self.programme["id"], self.activity["id"]) == 0, PATIENCE_S,
                       "an end to the holds")
            told = [press.result() for press in strangers.press_until_told(self.activity)]
        finally:
            self.late_server.resume()
        late_told = [press.result() for press in presses]
        self.assertEqual(len(self.sold_as_told(told + late_told, self.activity)), CAPACITY)
        self.prove_healed(self.programme["id"])
        return sum(has_seat(press.answer) for press in late_told)

    def test_before_it_was_given_to_a_writer(self):
        self.assertEqual(self.seats_of("book.granted"), 0)

    def test_after_the_commit(self):
        self.assertGreaterEqual(self.seats_of("ledger.committed"), 1)

    if LONG:
        def test_in_the_hands_of_the_writer(self):
            self.assertEqual(self.seats_of("ledger.batch_taken"), 0)

        def test_with_the_rows_locked(self):
            """Until MySQL ends the silent session."""
            self.assertEqual(self.seats_of("book.locked"), 0)
