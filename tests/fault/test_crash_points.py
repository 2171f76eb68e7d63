"""The server is killed between any two steps of booking, cancelling, publishing, closing and checking in: at every crash
point that it names itself (src/base/crash_point.hpp), while parents press. Then a judge that knows nothing of the server
looks at what is left. And it is stopped there until others have its seats, and goes on.

ZL_LONG=1 visits each several times, later and later, and stops it in the writer's hands too."""

import asyncio
import contextlib
import http.client
import os
import pathlib
import random
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

from client import done, made
from crash_orders import Orders, crash_points
from judge_tool import ledger as judged
from judge_tool import verdict
from judge_tool.api import Api
from judge_tool.history import Recorder, now_ms
from judge_tool.parents import Parents
from scene import PATIENCE_S, FaultCase, has_seat
from town import book, eventually, key

LONG = bool(os.environ.get("ZL_LONG"))
SEED = 20180701
VISITS = 4 if LONG else 1
HOLD_TTL_MS = 1500
SETTINGS = {"booking__hold_ttl_ms": HOLD_TTL_MS, "booking__reconcile_interval_ms": 100, "mysql__item_deadline_ms": 1000,
            "redis__command_timeout_ms": 500}
RULES = {"max_per_attendee": 2, "max_per_user": 4, "forbid_overlap": False, "cancel_hours": 24}
# A hold lasts so long; a server that died keeps the reconciler's turn for five seconds; the rest is for a busy machine.
HEAL_MS = HOLD_TTL_MS + 5_000 + 6_000
FAMILIES = 4
DIES_WITHIN_S = 30
WALK_AWAY = 50  # of a hundred who were told nothing: their holds are for the server to return
CAPACITY = 4

# Points that the pressing parents pass by themselves; the other operations are performed for their points alone.
BY_PARENTS = ("book", "ledger", "http", "cancel")

orders = None


def setUpModule():
    global orders
    orders = Orders()
    os.environ["ZL_CRASH_ORDERS"] = str(orders.file)
    FaultCase.start_town(**SETTINGS)


def tearDownModule():
    FaultCase.stop_town()
    del os.environ["ZL_CRASH_ORDERS"]
    orders.folder.cleanup()


class Operation:
    """Something that passes a crash point, beside the pressing parents. `begin` prepares it, `perform` may lose its
    connection, and `settle` does it again after the restart and looks at what became of it."""

    def __init__(self, case, programme):
        self.case, self.town, self.programme = case, case.town, programme

    def begin(self):
        pass

    def perform(self):
        pass

    def settle(self):
        pass

    def sql(self, statement):
        return self.case.ledger.rows(statement)


class Publish(Operation):
    def begin(self):
        self.activity = self.town.draft(self.programme, CAPACITY)

    def perform(self):
        self.town.admin.post(f"/admin/activities/{self.activity['id']}/publish")

    def settle(self):
        """A draft or published, nothing between; and published once in the end."""
        self.case.assertIn(self.rows(), [["1", "0", "0"], ["2", "1", "1"]])
        self.town.publish(self.activity)
        self.case.assertEqual(self.rows(), ["2", "1", "1"])

    def rows(self):
        """Publication, whether it sells, and how often the audit tells of it."""
        [row] = self.sql("SELECT a.publication, s.open, (SELECT COUNT(*) FROM audit WHERE subject = a.id AND "
                         "action = 'activity.publish') FROM activities a JOIN activity_seats s ON s.activity_id = a.id "
                         f"WHERE a.id = X'{self.activity['id']}'")
        return row


class Close(Operation):
    """An activity with a booking, of a programme of its own: the judge would ask who cancelled it."""

    def begin(self):
        self.activity = self.town.activity(self.town.programme(**RULES), CAPACITY)
        self.parent, child = self.town.family()
        self.booking = made(book(self.parent, self.activity, child))

    def perform(self):
        self.town.admin.post(f"/admin/activities/{self.activity['id']}/cancel", {"reason": "台风"})

    def settle(self):
        self.parent.move(self.town.url)
        self.case.assertIn(self.state_of_both(), [("open", "confirmed"), ("cancelled", "cancelled")])
        done(self.town.admin.post(f"/admin/activities/{self.activity['id']}/cancel", {"reason": "台风"}))
        self.case.assertEqual(self.state_of_both(), ("cancelled", "cancelled"))
        self.case.assertEqual(self.sql(f"SELECT COUNT(*) FROM outbox WHERE booking_id = X'{self.booking['id']}'"), [["1"]])
        self.case.assertEqual({entry["state"] for entry in self.town.roster(self.activity)}, {"cancelled"})

    def state_of_both(self):
        return (done(self.town.admin.get(f"/admin/activities/{self.activity['id']}"))["state"],
                done(self.parent.get(f"/bookings/{self.booking['id']}"))["state"])


class CheckIn(Operation):
    def begin(self):
        activity = self.town.activity(self.town.programme(**RULES), CAPACITY)
        parent, child = self.town.family()
        self.booking = made(book(parent, activity, child))
        self.body = {"session_id": activity["sessions"][0]["id"], "booking_id": self.booking["id"]}
        self.headers = {"Idempotency-Key": key()}

    def perform(self):
        self.town.admin.post("/admin/check-ins", self.body, headers=self.headers)

    def settle(self):
        """The same key enters the child once, whatever became of the first try."""
        first = self.town.admin.post("/admin/check-ins", self.body, headers=self.headers)
        self.case.assertIn(first.status, (200, 201), str(first))
        rows = self.sql(f"SELECT LOWER(HEX(id)), active FROM check_ins WHERE booking_id = X'{self.booking['id']}'")
        self.case.assertEqual(rows, [[first.json["id"], "1"]])
        self.case.assertEqual(self.sql(f"SELECT COUNT(*) FROM audit WHERE subject = X'{first.json['id']}'"), [["1"]])


class Refused(Operation):
    """The ledger refuses what the gate has granted: behind its back the activity is not open."""

    def begin(self):
        self.activity = self.town.activity(self.town.programme(**RULES), 1)
        self.family = self.town.family()
        self.break_it()

    def break_it(self):
        self.sql(f"UPDATE activity_seats SET open = 0 WHERE activity_id = X'{self.activity['id']}'")

    def perform(self):
        parent, child = self.family
        book(parent, self.activity, child)

    def settle(self):
        """The one seat is not lost."""
        self.sql(f"UPDATE activity_seats SET open = 1 WHERE activity_id = X'{self.activity['id']}'")
        parent, child = self.family
        parent.move(self.town.url)
        self.case.book_in_time(parent, child, self.activity["id"])


class Fenced(Refused):
    """The first grant of the programme comes too late."""

    def break_it(self):
        [[epoch]] = self.sql(f"SELECT epoch FROM programmes WHERE id = X'{self.activity['programme_id']}'")
        self.sql(f"UPDATE activity_seats SET fence = ({epoch} << 40) + 1 WHERE activity_id = X'{self.activity['id']}'")


class Reconciled(Refused):
    """A hold whose server was killed before the commit, and a new server whose turn it is."""

    def break_it(self):
        parent, child = self.family
        with self.case.ledger.seats_locked(self.activity["id"]), ThreadPoolExecutor(1) as pool:
            pressing = pool.submit(book, parent, self.activity, child)
            self.case.wait_until_held({"id": self.activity["programme_id"]}, self.activity, 1)
            self.case.stack.server.kill()
            self.case.assertIsInstance(pressing.exception(PATIENCE_S), Exception)
        self.sql("UPDATE leases SET until_ms = 0")

    def perform(self):
        """It has no time to say that it is ready where the hold has expired by then."""
        with contextlib.suppress(AssertionError):
            self.case.restart_server()


OPERATIONS = {"publish": Publish, "gate": Publish, "close": Close, "check_in": CheckIn, "reconcile": Reconciled,
              "book.denied": Refused, "book.given_back": Refused, "book.fenced": Fenced}


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
                if point.startswith("message."):
                    continue  # test_message_crashes.py: they need a platform
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
        parents = Parents(name, FAMILIES, [activity["id"]], lambda: [self.stack.url], recorder, walk_away=WALK_AWAY)
        enough, healed = threading.Event(), threading.Event()
        at = now_ms()
        with ThreadPoolExecutor(1) as pool:
            pressing = None
            try:
                if self.stack.server.running():
                    asyncio.run(parents.log_in())
                    orders.give(point, passes)
                    pressing = pool.submit(asyncio.run, self.press(parents, enough, healed))
                else:
                    orders.give(point, passes)
                with contextlib.suppress(OSError, http.client.HTTPException):
                    operation.perform()
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
            if pressing:
                pressing.result()
        operation.settle()

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
