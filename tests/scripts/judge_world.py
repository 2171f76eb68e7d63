"""What the tests of loadtest/judge share: a small clean run, and the base of those that doctor it."""
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "loadtest"))

from judge_tool import chains, checks  # noqa: E402 (the path comes first)
from judge_tool.history import History, Request  # noqa: E402
from judge_tool.snapshot import Activity, AuditEntry, AuditRow, Booking, GateCount, Programme, Snapshot  # noqa: E402

START = 1_700_000_000_000
HEAL_MS = 10_000
HOUR_MS = 3_600_000
LATER = 20_000  # after START, when everybody knows of everything


def chain_of(name, count):
    """Rows as a writer makes them; the first tells of two bookings."""
    rows = []
    line = b"%s @127.0.0.1 request\n" % b" ".join([b"0123456789abcdef" * 2] * 4)
    for seq in range(1, count + 1):
        action, detail = (chains.BOOKED, line * 2) if seq == 1 else (b"activity.publish", b"{}")
        row = AuditRow(name, seq, START + seq, b"actor", b"user", action, b"subject", detail, b"", b"request",
                       rows[-1].hash if rows else chains.FIRST_PREV_HASH, b"")
        row.hash = chains.hash_of(row)
        rows.append(row)
    return rows


class World:
    """A small run. Moments are ms after START. The programme has a cap of 2 for a child and of 3 for a user, and forbids
    overlaps; "swim" and "chess" overlap, "paint" is later."""

    def __init__(self):
        self.requests = []
        self.faults = []
        self.run = {}
        day = START + 100 * HOUR_MS
        times = {"swim": (day, day + HOUR_MS), "chess": (day + HOUR_MS // 2, day + 2 * HOUR_MS),
                 "paint": (day + 3 * HOUR_MS, day + 4 * HOUR_MS), "dance": (day + 5 * HOUR_MS, day + 6 * HOUR_MS)}
        self.snapshot = Snapshot(
            programmes={"summer": Programme("summer", 2, 3, True)},
            activities={name: Activity(name, "summer", 2, 0, [time]) for name, time in times.items()}, bookings={},
            gate={name: GateCount(0, 2, {}) for name in times}, audit_rows=chain_of(b"one", 3) + chain_of(b"other", 1))
        self.audit_told = None  # by the API: what is written

    def request(self, kind, user, invoked, ended, **facts):
        facts = {"outcome": "answered", **facts}
        ended = None if ended is None else START + ended
        self.requests.append(Request(len(self.requests) + 1, kind, user, START + invoked, ended=ended, **facts))
        return self.requests[-1]

    def ask(self, user, attendee, activity, invoked, ended, key=None, **facts):
        return self.request("book", user, invoked, ended, attendee=attendee, activity=activity,
                            key=key or f"{user}-{attendee}-{activity}", **facts)

    def refuse(self, user, attendee, activity, at, code, provisional=False, named=None, **facts):
        return self.ask(user, attendee, activity, at, at + 5, status=403 if code == "ineligible" else 409, code=code,
                        retry_after=provisional,
                        violations=[{"code": code, "provisional": provisional} | (named or {})], **facts)

    def row(self, booking, user, attendee, activity, at):
        """The ledger's row, and what goes with it in the gate and the audit."""
        row = Booking(booking, activity, self.snapshot.activities[activity].programme, attendee, user, True, START + at)
        self.snapshot.bookings[booking] = row
        self.snapshot.activities[activity].seats_taken += 1
        self.snapshot.gate[activity].used += 1
        self.snapshot.gate[activity].holders[booking] = True
        self.snapshot.audit.append(AuditEntry("booking.create", booking, user, row.created_at, activity, attendee))
        return row

    def book(self, user, attendee, activity, at, booking=None, key=None):
        """Asked at `at`, decided 5 ms and told 10 ms later."""
        booking = booking or f"{user}-{attendee}-{activity}"
        row = self.row(booking, user, attendee, activity, at + 5)
        self.ask(user, attendee, activity, at, at + 10, key, status=201, told=self.told(booking))
        return row

    def told(self, booking):
        row = self.snapshot.bookings[booking]
        return {"id": row.id, "state": "confirmed", "activity": row.activity, "attendee": row.attendee,
                "created_at": row.created_at}

    def gone(self, booking, at):
        row = self.snapshot.bookings[booking]
        row.active, row.cancelled, row.cancelled_at = False, True, START + at
        self.snapshot.activities[row.activity].seats_taken -= 1
        self.snapshot.gate[row.activity].used -= 1
        del self.snapshot.gate[row.activity].holders[booking]
        self.snapshot.audit.append(AuditEntry("booking.cancel", booking, row.user, row.cancelled_at))

    def cancel(self, booking, at):
        self.gone(booking, at + 3)
        self.request("cancel", self.snapshot.bookings[booking].user, at, at + 10, booking=booking, status=200)

    def change(self, kind, activity, at, **facts):
        """Told 10 ms after it was asked for."""
        return self.request(kind, "office", at, at + 10, activity=activity, **{"status": 200, **facts})

    def give(self, activity, capacity, at, **facts):
        """A capacity that has an effect."""
        self.run.setdefault("capacities", {}).setdefault(activity, self.snapshot.activities[activity].capacity)
        self.snapshot.activities[activity].capacity = self.snapshot.gate[activity].capacity = capacity
        return self.change("capacity", activity, at, capacity=capacity, **facts)

    def close(self, activity, at, **facts):
        """The station cancels the activity with all its bookings, 5 ms after it was asked to."""
        ended = [row for row in self.snapshot.bookings.values() if row.activity == activity and row.active]
        for row in ended:
            row.active, row.cancelled, row.cancelled_at = False, True, START + at + 5
        self.snapshot.activities[activity].seats_taken = 0
        self.snapshot.activities[activity].open = False
        del self.snapshot.gate[activity]
        self.snapshot.audit_closed[activity] = [len(ended)]
        return self.change("close", activity, at, **facts)

    def in_another_programme(self, activity):
        """With the same rules. What is booked of it already stays behind."""
        self.snapshot.programmes["winter"] = Programme("winter", 2, 3, True)
        self.snapshot.activities[activity].programme = "winter"

    def violations(self):
        """What each rule finds, by its name."""
        self.snapshot.audit_told = self.snapshot.audit if self.audit_told is None else self.audit_told
        case = checks.Case(History(self.requests, self.faults, self.run), self.snapshot, HEAL_MS)
        found = {name: list(rule(case)) for name, rule in checks.RULES.items()}
        return {name: faults for name, faults in found.items() if faults}


def busy_world():
    """A clean run with a bit of everything."""
    world = World()
    world.book("ann", "bo", "swim", 0)
    world.book("cat", "di", "swim", 10)
    world.refuse("eve", "flo", "swim", 40, "sold_out")
    world.ask("ann", "bo", "swim", 50, 60, status=200, told=world.told("ann-bo-swim"))  # the same key again
    world.refuse("ann", "bo", "swim", 70, "already_booked", key="another")
    world.refuse("ann", "bo", "chess", 90, "overlaps")
    world.book("ann", "bo", "paint", 110)
    world.refuse("ann", "bo", "dance", 130, "limit_reached")
    world.cancel("ann-bo-swim", 5_000)
    world.book("eve", "flo", "swim", 5_100, key="second try")
    world.book("ann", "bo", "chess", 5_200)  # no overlap any more
    world.cancel("ann-bo-chess", 5_300)
    world.book("ann", "bo", "swim", LATER, booking="swim again", key="again")
    world.cancel("eve-flo-swim", LATER - 5_000)
    # One who was never told, and has the booking; and one who was never told, and has none.
    world.row("unknown", "gus", "hal", "paint", 6_000)
    world.ask("gus", "hal", "paint", 5_990, 7_000, outcome="timed_out")
    world.ask("ida", "jo", "paint", 6_000, 6_500, outcome="connection_lost")
    world.ask("ida", "jo", "paint", 6_600, 6_700, status=503, code="unavailable", retry_after=True)
    return world


class Doctored(unittest.TestCase):
    """Each rule is broken by a world of its own."""

    caught = set()  # by the tests of all classes together

    def setUp(self):
        self.world = busy_world()

    def catches(self, rule, *others):
        """This rule finds it; `others` may too, and no rule beside them."""
        found = self.world.violations()
        self.assertIn(rule, found)
        self.assertLessEqual(set(found), {rule, *others}, found)
        self.caught.add(rule)
