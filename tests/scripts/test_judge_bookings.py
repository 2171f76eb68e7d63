#!/usr/bin/python3 -B
"""loadtest/judge on bookings and cancellations that are lost, made up, too many or not what was told."""
import unittest

from judge_world import LATER, START, Doctored, busy_world


class DoctoredBookings(Doctored):
    def test_one_seat_too_many(self):
        for number in range(2):
            self.world.book(f"user{number}", f"child{number}", "dance", 100 + number)
        self.world.book("one-too-many", "child", "dance", 120)
        self.catches("confirmed <= capacity")

    def test_one_seat_too_many_that_was_given_back_later(self):
        for number in range(3):
            self.world.book(f"user{number}", f"child{number}", "dance", 100 + number)
        self.world.cancel("user0-child0-dance", 3_000)
        self.catches("confirmed <= capacity")

    def test_one_seat_too_many_until_the_moment_before_its_holder_asked_to_give_it_back(self):
        for earlier in (False, True):
            self.world = busy_world()
            for number, at in enumerate((100, 101, 2_900)):
                self.world.book(f"user{number}", f"child{number}", "dance", at)
            if earlier:
                self.world.request("cancel", "user0", 1_000, 1_001, booking="user0-child0-dance", outcome="not_sent")
            self.world.cancel("user0-child0-dance", 3_000)
            self.catches("confirmed <= capacity")

    def test_a_count_that_is_not_the_number_of_bookings(self):
        self.world.snapshot.activities["dance"].seats_taken = 1
        self.catches("confirmed <= capacity")

    def test_an_attendee_twice(self):
        self.world.book("kim", "bo", "paint", 300)
        self.world.snapshot.activities["paint"].capacity = 3
        self.world.snapshot.gate["paint"].capacity = 3
        self.catches("no attendee twice", "caps at every moment")

    def test_an_attendee_twice_for_a_while(self):
        self.world.book("lea", "mo", "dance", 300)
        self.world.book("noa", "mo", "dance", 400)
        self.world.cancel("lea-mo-dance", 2_000)
        self.catches("no attendee twice")

    def test_a_row_that_contradicts_itself(self):
        for name, value in (("cancelled", True), ("active", False), ("cancelled_at", START + 30_000)):
            self.world = busy_world()
            setattr(self.world.snapshot.bookings["ann-bo-paint"], name, value)
            others = () if name != "active" else ("confirmed <= capacity", "cancelled by its holder alone",
                                                  "the gate agrees with the ledger", "the audit tells the same story")
            self.catches("a booking is active or cancelled", *others)

    def test_a_lost_booking(self):
        for thing in (self.world.snapshot.bookings, self.world.snapshot.gate["paint"].holders):
            del thing["ann-bo-paint"]
        self.world.snapshot.activities["paint"].seats_taken -= 1
        self.world.snapshot.gate["paint"].used -= 1
        self.world.snapshot.audit = [e for e in self.world.snapshot.audit if e.subject != "ann-bo-paint"]
        self.catches("what was told exists", "refusals were true when given")

    def test_a_booking_of_another_time_than_was_told(self):
        row = self.world.snapshot.bookings["ann-bo-paint"]
        self.world.snapshot.audit[2].at = row.created_at = row.created_at + 1
        self.catches("what was told exists")

    def test_a_booking_of_somebody_else_than_was_told(self):
        for name, in_audit in (("attendee", "attendee"), ("user", "actor")):
            self.world = busy_world()
            row = self.world.snapshot.bookings["ann-bo-paint"]
            setattr(row, name, "zoe")
            setattr(self.world.snapshot.audit[2], in_audit, "zoe")
            self.catches("what was told exists", "nothing that was denied exists", "refusals were true when given")

    def test_a_booking_of_another_activity_than_was_told(self):
        self.world.book("lea", "mo", "dance", 300)
        self.world.requests[-1].activity = "chess"
        self.catches("what was told exists")

    def test_a_cancellation_that_was_told_and_did_not_happen(self):
        self.world.request("cancel", "ann", 30_000, 30_010, booking="ann-bo-paint", status=200)
        self.catches("cancelled by its holder alone")

    def test_a_cancellation_that_was_told_of_a_booking_that_is_not_there(self):
        self.world.request("cancel", "ann", 30_000, 30_010, booking="nowhere", status=503, code="unavailable", retry_after=True)
        self.assertEqual(self.world.violations(), {})
        self.world.request("cancel", "ann", 31_000, 31_010, booking="nowhere", status=200)
        self.catches("cancelled by its holder alone")

    def test_a_cancellation_that_nobody_asked_for(self):
        self.world.gone("ann-bo-paint", 30_000)
        self.catches("cancelled by its holder alone")

    def test_a_cancellation_that_was_refused_and_happened(self):
        self.world.snapshot.programmes["summer"].cancel_hours = 200
        self.world.gone("ann-bo-paint", 30_000)
        self.world.request("cancel", "ann", 29_990, 30_010, booking="ann-bo-paint", status=409, code="closed")
        self.catches("cancelled by its holder alone")

    def test_a_cancellation_by_somebody_else(self):
        self.world.gone("ann-bo-paint", 30_000)
        self.world.request("cancel", "eve", 29_990, 30_010, booking="ann-bo-paint", status=200)
        self.catches("cancelled by its holder alone")

    def test_a_key_that_was_told_two_bookings(self):
        self.world.book("lea", "mo", "dance", 300, booking="first", key="k")
        self.world.cancel("first", 1_000)
        self.world.book("lea", "mo", "dance", 8_000, booking="second", key="k")
        self.catches("one key, one booking")

    def test_a_key_that_made_a_second_booking_nobody_was_told_of(self):
        self.world.book("lea", "mo", "dance", 300, booking="first", key="k")
        self.world.cancel("first", 1_000)
        self.world.row("second", "lea", "mo", "dance", 8_000)
        self.world.ask("lea", "mo", "dance", 7_990, 8_500, key="k", outcome="timed_out")
        self.catches("nothing that was denied exists")

    def test_two_keys_that_were_told_one_booking(self):
        self.world.ask("ann", "bo", "paint", 900, 910, key="another", status=200, told=self.world.told("ann-bo-paint"))
        self.catches("one key, one booking")

    def test_a_booking_that_every_answer_denied(self):
        self.world.row("denied", "lea", "mo", "dance", 300)
        self.world.ask("lea", "mo", "dance", 295, 310, status=503, code="unavailable", retry_after=True)
        self.catches("nothing that was denied exists")

    def test_a_booking_that_nobody_asked_for(self):
        self.world.row("from nowhere", "lea", "mo", "dance", 300)
        self.catches("nothing that was denied exists")

    def decided(self, at):
        """Asked for at 300 and told at 310."""
        self.world = busy_world()
        row = self.world.book("lea", "mo", "dance", 300)
        row.created_at = self.world.snapshot.audit[-1].at = self.world.requests[-1].told["created_at"] = START + at

    def test_a_booking_that_is_older_than_the_wish(self):
        self.decided(298)
        self.assertEqual(self.world.violations(), {})
        self.decided(297)
        self.catches("decided between asking and telling")

    def test_a_booking_that_was_told_before_it_was_decided(self):
        self.decided(312)
        self.assertEqual(self.world.violations(), {})
        self.decided(313)
        self.catches("decided between asking and telling", "the audit tells the same story")

    def test_a_booking_before_its_programme_opens(self):
        """The busy world's first seat was given at 5."""
        for opens_at, true in ((5, True), (6, False)):
            self.world.snapshot.programmes["summer"].opens_at = START + opens_at
            self.assertEqual(self.world.violations() == {}, true, opens_at)
        self.catches("decided while booking was open")

    def test_a_booking_when_its_programme_is_closed(self):
        for closes_at, true in ((LATER + 6, True), (LATER + 5, False)):
            self.world.snapshot.programmes["summer"].closes_at = START + closes_at
            self.assertEqual(self.world.violations() == {}, true, closes_at)
        self.catches("decided while booking was open")

    def test_a_booking_when_its_first_session_has_begun(self):
        self.world.snapshot.activities["paint"].sessions[0] = (START + 115, START + 200)
        self.catches("decided while booking was open")

    def test_a_holder_who_is_refused_with_the_same_key(self):
        self.world.refuse("ann", "bo", "paint", 900, "already_booked")
        self.catches("once told, always told")

    def test_a_child_over_its_cap(self):
        self.world.book("ann", "bo", "dance", 25_000)
        self.catches("caps at every moment")

    def test_a_family_over_its_cap_for_a_while(self):
        for number, activity in enumerate(("swim", "chess", "paint", "dance")):
            self.world.snapshot.activities[activity].capacity = self.world.snapshot.gate[activity].capacity = 9
            self.world.book("lea", f"child{number}", activity, 100 * number)
        self.world.cancel("lea-child0-swim", 4_000)
        # With more seats there was no sell-out either.
        self.catches("caps at every moment", "refusals were true when given")

    def test_overlapping_bookings(self):
        self.world.book("eve", "flo", "chess", 6_000)
        self.catches("no overlaps at any moment")


if __name__ == "__main__":
    unittest.main()
