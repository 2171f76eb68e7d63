#!/usr/bin/python3 -B
"""loadtest/judge on stations that change capacities, publish and cancel: what is allowed then, and what is not."""
import unittest

from judge_world import LATER, Doctored, busy_world


class AStationThatChangesThings(unittest.TestCase):
    """What is allowed then; DoctoredChanges has what is not."""

    def setUp(self):
        self.world = busy_world()

    def test_a_seat_more_may_be_sold_from_when_it_was_asked_for(self):
        for capacity, at in ((3, 1_000), (4, 1_500)):
            self.world.give("dance", capacity, at)
        for number in range(4):
            self.world.book(f"user{number}", f"child{number}", "dance", 900 + 200 * number)
        self.world.refuse("lea", "mo", "dance", 1_600, "sold_out")
        self.assertEqual(self.world.violations(), {})

    def test_servers_may_believe_in_the_seats_of_before_until_they_have_heard(self):
        for number in range(2):
            self.world.book(f"user{number}", f"child{number}", "dance", 100 + number)
        self.world.give("dance", 5, 1_000)
        self.world.refuse("lea", "mo", "dance", 2_000, "sold_out")
        self.assertEqual(self.world.violations(), {})

    def test_a_change_whose_outcome_nobody_learned_may_hold_or_not(self):
        for lost in ({"outcome": "timed_out"}, {"outcome": "connection_lost"}):
            for holds in (True, False):
                world = busy_world()
                world.give("dance", 3, 1_000, **lost)
                if not holds:
                    world.snapshot.activities["dance"].capacity = world.snapshot.gate["dance"].capacity = 2
                for number in range(3 if holds else 2):
                    world.book(f"user{number}", f"child{number}", "dance", 1_100 + number)
                world.refuse("lea", "mo", "dance", 1_600, "sold_out")
                self.assertEqual(world.violations(), {}, (lost, holds))

    def test_the_bookings_of_a_cancelled_activity_are_gone_without_their_holders_asking(self):
        for told in ({}, {"outcome": "timed_out"}):
            world = busy_world()
            world.close("paint", 8_000, **told)
            world.refuse("ann", "bo", "paint", 8_100, "closed", key="anew")
            self.assertEqual(world.violations(), {})

    def test_a_place_is_free_for_another_activity_after_the_station_took_it(self):
        """The cap is 2: "again", paint, and now dance."""
        self.world.close("paint", LATER + 1_000)
        self.world.book("ann", "bo", "dance", LATER + 1_100)
        self.world.request("cancel", "ann", LATER + 1_200, LATER + 1_210, booking="ann-bo-paint", status=200)
        self.assertEqual(self.world.violations(), {})

    def test_an_activity_that_was_published_may_be_cancelled(self):
        self.world.change("publish", "dance", 1_000)
        self.world.close("dance", 8_000)
        self.assertEqual(self.world.violations(), {})

    def test_who_cancelled_does_not_go_with_the_activity(self):
        self.world.cancel("ann-bo-paint", LATER + 1_000)
        self.world.close("paint", LATER + 8_000)
        self.assertEqual(self.world.violations(), {})

    def test_a_draft_stays_one_whatever_became_of_another(self):
        self.world.snapshot.activities["dance"].open = False
        self.world.change("publish", "paint", 1_000)
        for told in ({"status": 503, "code": "unavailable", "retry_after": True}, {"outcome": "timed_out"}):
            self.world.change("publish", "dance", 1_000, **told)
            self.assertEqual(self.world.violations(), {})

    def test_a_draft_is_not_there_until_everybody_knows_of_its_publication(self):
        self.world.change("publish", "dance", 1_000)
        for at in (500, 2_000):
            self.world.ask("lea", "mo", "dance", at, at + 5, status=404, code="not_found")
        self.world.book("lea", "mo", "dance", 3_000, key="again")
        self.assertEqual(self.world.violations(), {})


class DoctoredChanges(Doctored):
    def test_a_seat_that_was_sold_before_there_was_one_more(self):
        for number in range(3):
            self.world.book(f"user{number}", f"child{number}", "dance", 100 + number)
        self.world.give("dance", 3, 1_000)
        self.catches("confirmed <= capacity")

    def test_a_seat_that_was_sold_after_there_was_one_less(self):
        for later in (None, 2):
            self.world = busy_world()
            self.world.give("dance", 1, 1_000)
            for number in range(2):
                self.world.book(f"user{number}", f"child{number}", "dance", 2_000 + number)
            self.world.cancel("user0-child0-dance", 3_000)
            if later:
                self.world.give("dance", later, 4_000)
            self.catches("confirmed <= capacity")

    def test_fewer_seats_than_are_taken(self):
        for number in range(2):
            self.world.book(f"user{number}", f"child{number}", "dance", 100 + number)
        self.world.give("dance", 1, 1_000)
        self.world.cancel("user0-child0-dance", 3_000)
        self.catches("confirmed <= capacity")

    def test_fewer_seats_than_are_taken_after_a_change_whose_outcome_nobody_learned(self):
        for number in range(2):
            self.world.book(f"user{number}", f"child{number}", "dance", 100 + number)
        self.world.give("dance", 1, 1_000, outcome="timed_out")
        self.catches("confirmed <= capacity")

    def test_sold_out_before_there_was_one_less(self):
        self.world.book("user", "child", "dance", 100)
        self.world.refuse("lea", "mo", "dance", 300, "sold_out")
        self.world.give("dance", 1, 1_000)
        self.catches("refusals were true when given")

    def test_sold_out_long_after_there_was_one_more(self):
        for number in range(2):
            self.world.book(f"user{number}", f"child{number}", "dance", 100 + number)
        self.world.give("dance", 3, 1_000)
        self.world.refuse("lea", "mo", "dance", 3_000, "sold_out")
        self.catches("refusals were true when given")

    def test_a_capacity_that_was_told_and_is_not_there(self):
        self.world.give("dance", 3, 1_000)
        self.world.snapshot.activities["dance"].capacity = self.world.snapshot.gate["dance"].capacity = 2
        self.catches("changed as its station asked")

    def test_a_capacity_that_was_refused_and_is_there(self):
        self.world.give("dance", 3, 1_000, status=412, code="version_mismatch")
        self.catches("changed as its station asked")

    def test_an_activity_whose_cancellation_was_told_and_that_is_open(self):
        self.world.change("close", "dance", 1_000)
        self.catches("changed as its station asked", "the audit tells the same story")

    def test_an_activity_that_was_cancelled_and_keeps_a_booking(self):
        self.world.close("paint", 8_000)
        row = self.world.snapshot.bookings["ann-bo-paint"]
        row.active, row.cancelled, row.cancelled_at = True, False, None
        self.world.snapshot.activities["paint"].seats_taken = 1
        self.world.snapshot.audit_closed["paint"] = [1]
        self.catches("changed as its station asked")

    def test_an_activity_that_was_published_and_closed_by_nobody(self):
        self.world.change("publish", "dance", 1_000)
        self.world.snapshot.activities["dance"].open = False
        self.catches("changed as its station asked")

    def test_an_activity_whose_publication_was_refused_and_that_is_open(self):
        self.world.change("publish", "dance", 1_000, status=503, code="unavailable", retry_after=True)
        self.catches("changed as its station asked")

    def test_bookings_that_are_gone_without_anybody_cancelling_their_activity(self):
        self.world.close("paint", 8_000, status=503, code="unavailable", retry_after=True)
        self.catches("cancelled by its holder alone", "the audit tells the same story")

    def test_bookings_that_are_gone_from_an_activity_that_stays_open(self):
        """Its station never learned whether it was cancelled."""
        self.world.change("close", "paint", 8_000, outcome="timed_out")
        self.world.gone("ann-bo-paint", 8_005)
        self.catches("cancelled by its holder alone")

    def test_an_audit_that_tells_of_other_bookings_than_went_with_their_activity(self):
        for told in ({"paint": [1]}, {"paint": [3]}, {"paint": [2, 2]}, {}):
            self.world = busy_world()
            self.world.close("paint", 8_000)
            self.assertEqual(self.world.snapshot.audit_closed, {"paint": [2]})
            self.world.snapshot.audit_closed = told
            self.catches("the audit tells the same story")

    def test_an_audit_that_tells_of_bookings_that_went_with_an_activity_that_is_open(self):
        self.world.snapshot.audit_closed["paint"] = [2]
        self.catches("the audit tells the same story")


if __name__ == "__main__":
    unittest.main()
