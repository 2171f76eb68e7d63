#!/usr/bin/python3 -B
"""loadtest/judge on answers that the contract doesn't know, and on refusals of a run that doesn't bear them out."""
import unittest

from judge_world import LATER, Doctored, World, busy_world


class DoctoredAnswers(Doctored):
    def test_an_activity_that_is_not_found_long_after_its_publication(self):
        """Its station was told so, or a parent of a seat, or of a broken rule; of nothing more than one of these."""
        def not_open(world):
            world.snapshot.programmes["summer"].opens_at = world.snapshot.first_start("dance")
            world.refuse("noa", "pi", "dance", 1_005, "not_open")

        for told in (None, lambda world: world.book("noa", "pi", "dance", 1_000), not_open):
            self.world = World()
            self.world.change("publish", "dance", 1_000, **({"outcome": "timed_out"} if told else {}))
            if told:
                told(self.world)
            self.world.ask("lea", "mo", "dance", 3_000, 3_005, status=404, code="not_found")
            self.assertEqual(self.world.violations(), {})
            self.world.ask("lea", "mo", "dance", 6_000, 6_005, status=404, code="not_found")
            self.catches("answers of the contract")

    def test_an_activity_that_is_not_found_while_something_else_of_it_is_changed(self):
        self.world.give("dance", 3, 200)
        self.world.ask("lea", "mo", "dance", 300, 305, status=404, code="not_found")
        self.catches("answers of the contract")

    def test_an_activity_that_is_not_found_though_it_was_there_before(self):
        self.world.ask("lea", "mo", "dance", 300, 305, status=404, code="not_found")
        self.catches("answers of the contract")

    def test_an_answer_that_no_fault_excuses(self):
        self.world.ask("lea", "mo", "dance", 300, 310, status=500, code="internal")
        self.catches("answers of the contract")

    def test_an_answer_to_a_cancellation_that_only_others_get(self):
        for status, code in ((201, None), (400, "invalid_request"), (403, "forbidden"), (404, "not_found"), (500, "internal")):
            self.world = busy_world()
            self.world.request("cancel", "ann", 30_000, 30_010, booking="ann-bo-paint", status=status, code=code)
            self.catches("answers of the contract", "cancelled by its holder alone")

    def test_an_outage_without_a_time_to_come_back(self):
        for status, code in ((503, "unavailable"), (429, "too_many_requests")):
            for booking in (True, False):
                self.world = busy_world()
                if booking:
                    self.world.ask("lea", "mo", "dance", 300, 310, status=status, code=code)
                else:
                    self.world.request("cancel", "ann", 300, 310, booking="ann-bo-paint", status=status, code=code)
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

    def test_sold_out_long_after_a_cancellation_of_which_nobody_learned(self):
        self.world.gone("cat-di-swim", LATER + 5_003)
        self.world.request("cancel", "cat", LATER + 5_000, LATER + 5_500, booking="cat-di-swim", outcome="timed_out")
        self.world.refuse("lea", "mo", "swim", LATER + 16_500, "sold_out")  # some server may still be at it
        self.assertEqual(self.world.violations(), {})
        self.world.refuse("lea", "mo", "swim", LATER + 18_000, "sold_out")
        self.catches("refusals were true when given")

    def test_sold_out_only_by_holds_is_not_held_against_the_seats(self):
        self.world.refuse("lea", "mo", "dance", 300, "sold_out", provisional=True)
        self.assertEqual(self.world.violations(), {})

    def test_already_booked_without_a_booking(self):
        for activity in ("dance", "swim"):  # of nobody, of others
            self.world = busy_world()
            self.world.refuse("lea", "mo", activity, 300, "already_booked")
            self.catches("refusals were true when given")

    def test_a_cap_that_was_not_reached(self):
        self.world.refuse("cat", "di", "dance", 300, "limit_reached")
        self.catches("refusals were true when given")

    def test_a_cap_that_bookings_of_another_programme_would_reach(self):
        self.world = World()
        self.world.in_another_programme("chess")
        for number, activity in enumerate(("chess", "paint")):
            self.world.book("cat", "di", activity, 100 * number)
        self.world.refuse("cat", "di", "dance", 300, "limit_reached")
        self.catches("refusals were true when given")

    def test_an_overlap_with_nothing(self):
        self.world.refuse("cat", "di", "paint", 300, "overlaps")
        self.catches("refusals were true when given")

    def test_an_overlap_with_the_activity_itself(self):
        self.world.refuse("cat", "di", "swim", 300, "overlaps", key="another")
        self.catches("refusals were true when given")

    def test_an_overlap_with_an_activity_of_another_programme(self):
        self.world = World()
        self.world.in_another_programme("chess")
        self.world.book("cat", "di", "chess", 200)
        self.world.refuse("cat", "di", "swim", 300, "overlaps")
        self.catches("refusals were true when given")


if __name__ == "__main__":
    unittest.main()
