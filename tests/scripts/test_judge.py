#!/usr/bin/python3 -B
"""loadtest/judge: a clean run passes, and the doctored ones of test_judge_*.py leave no rule untested."""
import pathlib
import unittest

from judge_world import START, Doctored, World, busy_world  # before judge_tool, which it puts on the path
from judge_tool import checks, verdict
from judge_tool.history import Fault


class ACleanRun(unittest.TestCase):
    def test_has_no_violation(self):
        self.assertEqual(busy_world().violations(), {})

    def test_a_cancellation_without_an_answer_may_be_either(self):
        for done in (True, False):
            world = World()
            world.book("ann", "bo", "swim", 0)
            world.request("cancel", "ann", 1_000, 2_000, booking="ann-bo-swim", outcome="timed_out")
            if done:
                world.gone("ann-bo-swim", 1_500)
            self.assertEqual(world.violations(), {}, done)

    def test_a_request_of_a_client_that_died_may_have_booked(self):
        world = World()
        world.row("late", "ann", "bo", "swim", 9_000)
        world.ask("ann", "bo", "swim", 10, None, outcome=None)
        self.assertEqual(world.violations(), {})

    def test_a_seat_that_came_back_during_a_fault_may_be_refused_until_it_has_healed(self):
        world = World()
        world.book("ann", "bo", "swim", 0)
        world.book("cat", "di", "swim", 10)
        world.cancel("ann-bo-swim", 5_000)
        world.refuse("eve", "flo", "swim", 12_000, "sold_out")
        self.assertIn("refusals were true when given", world.violations())
        world.faults.append(Fault("redis killed", START + 4_000, START + 6_000))
        self.assertEqual(world.violations(), {})


class TheRules(unittest.TestCase):
    def test_each_is_caught_by_a_doctored_world(self):
        # Run once more here, for each file is a process of its own.
        doctored = unittest.TestLoader().discover(str(pathlib.Path(__file__).parent), "test_judge_*.py")
        doctored.run(unittest.TestResult())
        self.assertEqual(set(checks.RULES) - Doctored.caught, set())


class TheVerdict(unittest.TestCase):
    def test_a_run_without_bookings_has_tested_nothing(self):
        counts = {"bookings asked for": 3, "bookings in the ledger": 2}
        self.assertFalse(verdict.Verdict([], counts).tested_nothing)
        for name in counts:
            self.assertTrue(verdict.Verdict([], counts | {name: 0}).tested_nothing)


if __name__ == "__main__":
    unittest.main()
