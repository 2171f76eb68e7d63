"""What changes the stores, done while the server is killed in the middle of it, and done again."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

from client import done, made
from scene import PATIENCE_S
from town import book, eventually, key

RULES = {"max_per_attendee": 2, "max_per_user": 4, "forbid_overlap": False, "cancel_hours": 24}
CAPACITY = 4


class Operation:
    """`begin` prepares it, `perform` may lose its connection, and `settle` does it again after the restart and looks at what
    became of it."""

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


class Undo(CheckIn):
    def begin(self):
        super().begin()
        self.entered = made(self.town.admin.post("/admin/check-ins", self.body, headers=self.headers))

    def perform(self):
        self.undo()

    def undo(self):
        return self.town.admin.delete(f"/admin/check-ins/{self.entered['id']}")

    def settle(self):
        """Undone and recorded, or neither; undone again is done and recorded once, and the child may come in again."""
        self.case.assertIn(self.rows(), (["1", "0"], ["0", "1"]))
        for _ in range(2):
            self.case.assertEqual(self.undo().status, 204)
            self.case.assertEqual(self.rows(), ["0", "1"])
        again = made(self.town.admin.post("/admin/check-ins", self.body, headers={"Idempotency-Key": key()}))
        self.case.assertNotEqual(again["id"], self.entered["id"])

    def rows(self):
        """Whether it counts, and how often the audit tells that it was undone."""
        [row] = self.sql("SELECT COALESCE(c.active, 0), (SELECT COUNT(*) FROM audit WHERE subject = c.id AND "
                         f"action = 'check_in.undo') FROM check_ins c WHERE c.id = X'{self.entered['id']}'")
        return row


class Refused(Operation):
    """The ledger refuses what the gate has granted: behind its back the activity is not open."""

    def begin(self):
        self.activity = self.town.activity(self.town.programme(**RULES), 1)
        self.family = self.town.family()
        self.break_it()

    def break_it(self):
        self.town.witness.ignored.add(self.activity["id"])
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


class HalfRefused(Operation):
    """Of those who commit together the ledger refuses one, so that the writer looks at each: the other's activity is not open,
    behind the gate's back."""

    def begin(self):
        programme = self.town.programme(**RULES)
        self.activity, self.closed = (self.town.activity(programme, CAPACITY) for _ in range(2))
        self.wishes = [(*self.town.family(), activity, key()) for activity in (self.activity, self.activity, self.closed)]
        self.town.witness.ignored |= {self.activity["id"], self.closed["id"]}
        self.open(0)

    def open(self, mark):
        self.sql(f"UPDATE activity_seats SET open = {mark} WHERE activity_id = X'{self.closed['id']}'")

    def perform(self):
        """The first one keeps the writer busy until the others are there; unless the pressing parents have it look at each before."""
        with ThreadPoolExecutor(len(self.wishes)) as pool, self.case.ledger.seats_locked(self.activity["id"]):
            for number, (parent, child, activity, wanted) in enumerate(self.wishes, 1):
                pool.submit(book, parent, activity, child, wanted)
                held = sum(wish[2] is activity for wish in self.wishes[:number])
                eventually(lambda: self.is_held(activity, held) or not self.case.stack.server.running(),
                           PATIENCE_S, "a hold")

    def is_held(self, activity, count):
        return self.case.gate.pending(activity["programme_id"], activity["id"]) >= count

    def settle(self):
        """The same keys have a seat each, once all is open."""
        self.open(1)
        for parent, child, activity, wanted in self.wishes:
            parent.move(self.town.url)
            self.case.book_in_time(parent, child, activity["id"], wanted)
        booked = self.case.ledger.booked(self.activity["id"]) | self.case.ledger.booked(self.closed["id"])
        self.case.assertEqual(len(booked), len(self.wishes))


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


class Booking(Operation):
    def begin(self):
        self.activity = self.town.activity(self.programme, CAPACITY)
        self.parent, self.child = self.town.family()
        self.key = key()

    def perform(self):
        book(self.parent, self.activity, self.child, self.key)

    def settle(self):
        """The same key has one booking, of one seat."""
        self.parent.move(self.town.url)
        told = done(book(self.parent, self.activity, self.child, self.key))
        self.case.assertEqual(self.case.ledger.booked(self.activity["id"]), {told["id"]})


class Cancelling(Booking):
    def begin(self):
        super().begin()
        self.booking = made(book(self.parent, self.activity, self.child, self.key))

    def perform(self):
        self.parent.delete(f"/bookings/{self.booking['id']}")

    def settle(self):
        """Cancelled once, and the seat came back once."""
        self.parent.move(self.town.url)
        self.case.assertEqual(done(self.parent.delete(f"/bookings/{self.booking['id']}"))["state"], "cancelled")
        self.case.assertEqual(self.case.ledger.seats(self.programme["id"]), [(self.activity["id"], CAPACITY, 0)])
        self.case.assertEqual(self.case.ledger.booked(self.activity["id"]), set())
