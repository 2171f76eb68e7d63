"""Checking in at the door."""

import concurrent.futures
import datetime
import unittest

from client import done, made
from town import CHECK_IN_EARLY_MINUTES, UNKNOWN_ID, TownCase, at, book, now, parse_instant, session


def setUpModule():
    TownCase.start_town()


def tearDownModule():
    TownCase.stop_town()


class Door(TownCase):
    def setUp(self):
        self.activity = self.town.activity(kind="camp", sessions=[
            session(at(now().date() + datetime.timedelta(days=days), 9)) for days in (2, 3, 60)])
        self.parent, self.child = self.town.family()
        self.booking = made(book(self.parent, self.activity, self.child))

    def check_in(self, session_index=0, client=None, **which):
        body = {"session_id": self.activity["sessions"][session_index]["id"], **which}
        if not which:
            body["booking_id"] = self.booking["id"]
        return (client or self.town.admin).post("/admin/check-ins", body)

    def test_a_ticket_or_a_booking_lets_in_once_per_session(self):
        first = made(self.check_in(ticket=self.booking["ticket"]))
        self.assertEqual((first["booking_id"], first["state"]), (self.booking["id"], "present"))
        self.assertEqual(first["attendee"], {field: self.child[field] for field in ("id", "name", "birth_date")})
        again = self.refused(self.check_in(), 409, "already_checked_in")
        self.assertEqual((again["id"], again["at"]), (first["id"], first["at"]))
        made(self.check_in(1))
        entry, = self.town.roster(self.activity)
        self.assertEqual({record["session_id"] for record in entry["attendance"]},
                         {meeting["id"] for meeting in self.activity["sessions"][:2]})

    def test_undoing_lets_the_child_in_again(self):
        first = made(self.check_in())
        self.assertEqual(self.town.admin.delete(f"/admin/check-ins/{first['id']}").status, 204)
        self.assertEqual(self.town.roster(self.activity)[0]["attendance"], [])
        second = made(self.check_in())
        self.assertNotEqual(second["id"], first["id"])

    def test_another_activitys_session_is_the_wrong_one(self):
        other = self.town.activity()
        body = {"session_id": other["sessions"][0]["id"], "booking_id": self.booking["id"]}
        self.refused(self.town.admin.post("/admin/check-ins", body), 409, "wrong_session")

    def test_a_cancelled_booking_is_not_let_in(self):
        done(self.parent.delete(f"/bookings/{self.booking['id']}"))
        self.refused(self.check_in(), 409, "invalid_state")
        self.refused(self.check_in(ticket=self.booking["ticket"]), 409, "invalid_state")

    def test_too_early_says_from_when(self):
        problem = self.refused(self.check_in(2), 409, "not_open")
        start = parse_instant(self.activity["sessions"][2]["starts_at"])
        self.assertEqual(start - parse_instant(problem["opens_at"]), datetime.timedelta(minutes=CHECK_IN_EARLY_MINUTES))

    def test_what_is_unknown_is_404(self):
        self.refused(self.check_in(booking_id=UNKNOWN_ID), 404, "not_found")
        self.refused(self.check_in(ticket="z1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 404, "not_found")
        ticket = self.booking["ticket"]
        forged = ticket[:-2] + ("A" if ticket[-2] != "A" else "B") + ticket[-1]
        self.refused(self.check_in(ticket=forged), 404, "not_found")
        body = {"session_id": UNKNOWN_ID, "booking_id": self.booking["id"]}
        self.refused(self.town.admin.post("/admin/check-ins", body), 404, "not_found")
        self.assertEqual(self.town.roster(self.activity)[0]["attendance"], [])


    def test_whether_there_is_such_a_booking_comes_before_whether_the_caller_may_enter_it(self):
        stranger = self.town.account("staff", self.town.new_station())
        for booking, status, code in ((UNKNOWN_ID, 404, "not_found"), (self.booking["id"], 403, "forbidden")):
            self.refused(self.check_in(client=stranger, booking_id=booking), status, code)
        self.refused(self.check_in(2, booking_id=UNKNOWN_ID), 404, "not_found")

    def test_doors_that_let_in_the_same_children_at_once_let_each_in_once(self):
        family = [self.town.child(self.parent) for _ in range(8)]
        bookings = [self.booking, *(made(book(self.parent, self.activity, child)) for child in family)]
        doors = [self.town.client(self.town.admin.token) for _ in range(4)]
        with concurrent.futures.ThreadPoolExecutor(len(doors)) as pool:
            answers = list(pool.map(lambda door: [self.check_in(client=door, ticket=booking["ticket"]) for booking in bookings],
                                    doors))
        for told in zip(*answers):
            first, = (made(answer) for answer in told if answer.status == 201)
            for answer in told:
                if answer.status != 201:
                    again = self.refused(answer, 409, "already_checked_in")
                    self.assertEqual((again["id"], again["at"]), (first["id"], first["at"]))
        attendance = [len(entry["attendance"]) for entry in self.town.roster(self.activity)]
        self.assertEqual(attendance, [1] * len(bookings))


if __name__ == "__main__":
    unittest.main()
