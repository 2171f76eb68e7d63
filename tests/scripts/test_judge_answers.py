#!/usr/bin/python3 -B
"""loadtest/judge on answers that the contract doesn't know, and on refusals of a run that doesn't bear them out."""
import unittest

from judge_world import LATER, Doctored


class DoctoredAnswers(Doctored):
    def test_an_activity_that_is_not_found_long_after_its_publication(self):
        self.world.change("publish", "dance", 1_000)
        self.world.ask("lea", "mo", "dance", 6_000, 6_005, status=404, code="not_found")
        self.catches("answers of the contract")

    def test_an_activity_that_is_not_found_though_it_was_there_before(self):
        self.world.ask("lea", "mo", "dance", 300, 305, status=404, code="not_found")
        self.catches("answers of the contract")

    def test_an_answer_that_no_fault_excuses(self):
        self.world.ask("lea", "mo", "dance", 300, 310, status=500, code="internal")
        self.catches("answers of the contract")

    def test_an_outage_without_a_time_to_come_back(self):
        self.world.ask("lea", "mo", "dance", 300, 310, status=503, code="unavailable")
        self.catches("answers of the contract")

    def test_sold_out_while_a_seat_was_free(self):
        self.world.refuse("lea", "mo", "dance", 300, "sold_out")
        self.catches("refusals were true when given")

    def test_sold_out_after_a_seat_came_back_for_good(self):
        self.world.cancel("cat-di-swim", LATER + 5_000)
        self.world.refuse("lea", "mo", "swim", LATER + 5_500, "sold_out")  # may not have been known yet
        self.assertEqual(self.world.violations(), {})
        self.world.refuse("lea", "mo", "swim", LATER + 8_000, "sold_out")
        self.catches("refusals were true when given")

    def test_sold_out_only_by_holds_is_not_held_against_the_seats(self):
        self.world.refuse("lea", "mo", "dance", 300, "sold_out", provisional=True)
        self.assertEqual(self.world.violations(), {})

    def test_already_booked_without_a_booking(self):
        self.world.refuse("lea", "mo", "dance", 300, "already_booked")
        self.catches("refusals were true when given")

    def test_a_cap_that_was_not_reached(self):
        self.world.refuse("cat", "di", "dance", 300, "limit_reached")
        self.catches("refusals were true when given")

    def test_an_overlap_with_nothing(self):
        self.world.refuse("cat", "di", "paint", 300, "overlaps")
        self.catches("refusals were true when given")


if __name__ == "__main__":
    unittest.main()
