"""What the rush and fault tests share: rushes and crowds that press whatever breaks, and the proof that everything
works again without a restart."""

import collections
import contextlib
import datetime
import http.client
import os
import re
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from client import done, made
from judge_tool.history import now_ms
from stores import Gate, Ledger
from support.stack import BINARY_DIR, SOURCE_DIR, stand_still
from town import TOWN_TIME, TownCase, book, eventually, fresh, key
from witness import WitnessedTown

HOLD_TTL_MS = 4000
SETTINGS = {
    "booking__hold_ttl_ms": HOLD_TTL_MS,
    "booking__reconcile_interval_ms": 200,
    "mysql__item_deadline_ms": 2000,
    "redis__command_timeout_ms": 500,
}
RULES = {"max_per_attendee": 2, "max_per_user": 4, "forbid_overlap": True, "cancel_hours": 24}

# A stopped server keeps the reconciler's turn for a few seconds; only then the hold time counts for the others.
HEAL_TIMEOUT_S = HOLD_TTL_MS / 1000 + 20
PATIENCE_S = 60
PAUSE_S = 0.05

# Of a thread that could not connect to MySQL, before it tries again.
LONGEST_PAUSE_S = 1.5
RUSH_TIMEOUT_S = 150

PASSING_CODES = {"overloaded", "unavailable", "outcome_unknown"}

Press = collections.namedtuple("Press", "answer trail")  # the last word, and what was told or broke before it


class Rush:
    """A run of zhonglou-rush: by default on a fresh copy of the demo programme."""

    def __init__(self, stack, parents, window_s, url=None, name="rush", **options):
        self._out = stack.folder / f"{fresh(name)}.out"
        command = [BINARY_DIR / "zhonglou-rush", "--url", url or stack.url, "--parents", str(parents),
                   "--window", str(window_s), "--two-children", "0.2", "--retry",
                   "--admin-password-file", stack.folder / "secrets/admin_password"]
        for option, value in options.items():
            command += [f"--{option.replace('_', '-')}", str(value)]
        with self._out.open("wb") as out:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    @property
    def text(self):
        return self._out.read_text(errors="replace")

    def programme_id(self):
        """Waits until the parents are logged in and the programme has its release."""
        def announced():
            if self._process.poll() is not None:
                raise AssertionError(f"zhonglou-rush ended early:\n{self.text}")
            return re.search(r"\(([0-9a-f]{32})\): .* pressing starts at", self.text)

        return eventually(announced, PATIENCE_S * 2, "the start of the rush").group(1)

    def finish(self):
        """Its exit status: 0 for PASS."""
        return self._process.wait(timeout=RUSH_TIMEOUT_S)

    def end(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def is_last_word(answer):
    """False where the answer asks to come back; fails on answers that no fault of the stores excuses."""
    comes_back = answer.headers["Retry-After"] is not None
    if answer.status == 503:
        if answer.code not in PASSING_CODES or not comes_back:
            raise AssertionError(f"not what an outage may tell: {answer}")
        return False
    if answer.status not in (200, 201, 409):
        raise AssertionError(f"not what a press may be told: {answer}")
    return not comes_back


def press_until_told(parent, activity, child, wanted, where, seconds=PATIENCE_S):
    """As a parent in earnest: the same key again and again, at the address `where()`, until the last word."""
    deadline = time.monotonic() + seconds
    trail = []
    while True:
        try:
            parent.move(where())
            answer = book(parent, activity, child, wanted)
        except (OSError, http.client.HTTPException) as error:
            trail.append(type(error).__name__)
        else:
            if is_last_word(answer):
                return Press(answer, trail)
            trail.append(answer.code)
        if time.monotonic() > deadline:
            raise AssertionError(f"no last word within {seconds} s, only {collections.Counter(trail)}")
        time.sleep(PAUSE_S)


class Crowd:
    """Families that press for one activity at once, each with a key of its own."""

    def __init__(self, town, size):
        self.town = town
        self.families = [(*town.family(), key()) for _ in range(size)]
        self.told = 0  # families that have had their last word
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(size)

    def press_once(self, activity):
        """One press each, in the background; futures of an answer, or of the failure."""
        return [self._pool.submit(book, parent, activity, child, wanted) for parent, child, wanted in self.families]

    def press_until_told(self, activity, where=None, calm=None):
        """Everybody presses until the last word, in the background; futures of a Press. With the event `calm`, those
        who have their seat press on until it is set, so that there are always requests on their way."""
        where = where or (lambda: self.town.stack.url)
        return [self._pool.submit(self._press, activity, where, calm, *family) for family in self.families]

    def wait_until_told(self, count):
        eventually(lambda: self.told >= count, PATIENCE_S, f"the last word for {count} families")

    def close(self):
        self._pool.shutdown()
        for parent, _, _ in self.families:
            parent.close()

    def _press(self, activity, where, calm, parent, child, wanted):
        press = press_until_told(parent, activity, child, wanted, where)
        with self._lock:
            self.told += 1
        while calm is not None and not calm.is_set() and has_seat(press.answer):
            again = press_until_told(parent, activity, child, wanted, where).answer
            if not has_seat(again) or again.json["id"] != press.answer.json["id"]:
                raise AssertionError(f"first {press.answer}\nthen {again}")
        return press


def has_seat(answer):
    return answer.status in (200, 201)


class FaultCase(TownCase):
    """A test that breaks something; each ends with prove_healed(), and each class with the judge's verdict on what all clients
    of the town were told."""

    @classmethod
    def start_town(cls, **settings):
        TownCase.town = WitnessedTown(**settings)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.town.witness.begin()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.town.witness.judge(cls.town, cls.__name__)

    def setUp(self):
        self.stack = self.town.stack
        self.ledger = Ledger(self.stack)
        self.gate = Gate(self.stack)
        self.addCleanup(self.record_fault, now_ms())

    def record_fault(self, at):
        """Something may have been broken all the time: refusals need not have known of what was cancelled meanwhile."""
        self.town.witness.recorder.fault(self.id(), at, now_ms())

    def crowd(self, size):
        self.town.witness.expected = True
        crowd = Crowd(self.town, size)
        self.addCleanup(crowd.close)
        return crowd

    def rush(self, parents, window_s, **options):
        """Its parents are not recorded; what somebody books when it begins tells the judge since when the audit counts."""
        self.town.witness.expected = True
        parent, child = self.town.family()
        made(book(parent, self.town.activity(capacity=1), child))
        parent.close()
        rush = Rush(self.stack, parents, window_s, **options)
        self.addCleanup(rush.end)
        return rush

    def passes(self, rush):
        self.assertEqual(rush.finish(), 0, rush.text)
        self.assertIn("\nPASS\n", rush.text)

    def wait_until_sold(self, programme_id, seats):
        eventually(lambda: self.ledger.sold(programme_id) >= seats, PATIENCE_S, f"{seats} seats sold")

    def wait_until_held(self, programme, activity, count):
        """The gate has granted so many at least, and the ledger has not answered."""
        eventually(lambda: self.gate.pending(programme["id"], activity["id"]) >= count, PATIENCE_S,
                   f"{count} holds in the gate")

    @contextlib.contextmanager
    def paused(self, store):
        """The store stands still and keeps its connections."""
        pid = int((self.stack.folder / f"{store}.pid").read_text())
        stand_still(pid)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def restart_server(self):
        """After a kill: the same server again, at another port."""
        self.stack.server.start()
        self.town.move(self.stack.url)

    def wait_until_everybody_is_served(self):
        """A thread that could not connect to MySQL waits before it tries again, and tells who comes to come back."""
        client = self.town.client()
        body = {"openid": fresh("parent-"), "nickname": "parent"}
        deadline = time.monotonic() + HEAL_TIMEOUT_S
        served_since = time.monotonic()
        while time.monotonic() < served_since + LONGEST_PAUSE_S:
            answer = client.post("/login/dev", body)
            if answer.status != 200:
                self.refused(answer, 503, "unavailable")
                served_since = time.monotonic()
                self.assertLess(served_since, deadline, str(answer))

    def sold_as_told(self, presses, activity):
        """Whoever was told of a booking has it, nobody else has one, and the others were told that it is full."""
        told = [press.answer.json["id"] for press in presses if has_seat(press.answer)]
        self.assertEqual(len(told), len(set(told)))
        self.assertEqual(set(told), self.ledger.booked(activity["id"]))
        self.assertEqual({press.answer.code for press in presses} - {None, "sold_out"}, set())
        return told

    def audit_ledger(self):
        self.assertEqual(self.ledger.faults(), [])

    def wait_until_settled(self, programme_id):
        """The gate counts what the ledger has sold, and nothing is pending."""
        def unsettled():
            return [(activity_id, taken) for activity_id, _, taken in self.ledger.seats(programme_id)
                    if (self.gate.used(programme_id, activity_id), self.gate.pending(programme_id, activity_id),
                        self.gate.holders(programme_id, activity_id)) != (taken, 0, taken)]

        try:
            eventually(lambda: not unsettled(), HEAL_TIMEOUT_S)
        except AssertionError:
            self.fail(f"gate and ledger differ for good (activity, seats taken): {unsettled()}")

    def book_in_time(self, parent, child, activity_id, wanted=None):
        """A free seat is had within the time of healing, though it may be held or unknown until then."""
        wanted = wanted or key()

        def press():
            answer = press_until_told(parent, {"id": activity_id}, child, wanted, lambda: self.town.url).answer
            return answer if has_seat(answer) else None

        return eventually(press, HEAL_TIMEOUT_S, f"a booking of a free seat of {activity_id}")

    def fill(self, programme_id):
        """Strangers take every seat that nobody holds."""
        for activity_id, capacity, taken in self.ledger.seats(programme_id):
            for _ in range(capacity - taken):
                parent, child = self.town.family(self.fitting_birth_date(activity_id))
                self.book_in_time(parent, child, activity_id)
                parent.close()
        self.assertEqual(self.ledger.sold(programme_id), self.ledger.capacity(programme_id))

    def fitting_birth_date(self, activity_id):
        """Of a child that is as old as the activity asks for, some months past its birthday."""
        [[age, starts_at]] = self.ledger.rows(
            "SELECT a.age_min, MIN(s.starts_at) FROM activities a JOIN sessions s ON s.activity_id = a.id "
            f"WHERE a.id = X'{activity_id}' GROUP BY a.id")
        first_day = datetime.datetime.fromtimestamp(int(starts_at) / 1000, TOWN_TIME).date()
        return (first_day - datetime.timedelta(days=int(age) * 365.25 + 100)).isoformat()

    def pass_a_seat_on(self, programme_id):
        """Somebody cancels, and somebody else gets the seat."""
        [[booking_id, activity_id, openid]] = self.ledger.rows(
            "SELECT LOWER(HEX(b.id)), LOWER(HEX(b.activity_id)), u.openid FROM bookings b JOIN users u "
            f"ON u.id = b.user_id WHERE b.programme_id = X'{programme_id}' AND b.active = 1 ORDER BY b.id LIMIT 1")
        holder = self.town.parent(openid)
        self.assertEqual(done(holder.delete(f"/bookings/{booking_id}"))["state"], "cancelled")
        holder.close()
        parent, child = self.town.family(self.fitting_birth_date(activity_id))
        self.book_in_time(parent, child, activity_id)
        parent.close()

    def wait_until_ready(self, status=200):
        """A server whose stores are away says so itself (503); once it is ready, it serves everybody."""
        client = self.town.client()

        def says_so():
            try:
                return client.get("/readyz").status == status
            except (OSError, http.client.HTTPException):
                return False

        eventually(says_so, HEAL_TIMEOUT_S, f"/readyz {status}")
        client.close()

    def prove_healed(self, programme_id):
        self.wait_until_ready()
        self.fill(programme_id)
        self.pass_a_seat_on(programme_id)
        self.assertEqual(self.ledger.sold(programme_id), self.ledger.capacity(programme_id))
        self.wait_until_settled(programme_id)
        self.audit_ledger()


def make_demo(stack, opens_in_s):
    """Fills the server as scripts/run does; the id of the programme."""
    result = subprocess.run([SOURCE_DIR / "scripts/demo", "--url", stack.url, "--opens-in", str(opens_in_s),
                             "--admin-password-file", stack.folder / "secrets/admin_password"],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise AssertionError(f"scripts/demo failed:\n{result.stdout}{result.stderr}")
    [[programme_id]] = Ledger(stack).rows("SELECT LOWER(HEX(id)) FROM programmes ORDER BY created_at DESC LIMIT 1")
    return programme_id
