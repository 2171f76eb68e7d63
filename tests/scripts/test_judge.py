#!/usr/bin/python3 -B
"""loadtest/judge: a clean run passes, and the doctored ones of test_judge_*.py leave no rule untested."""
import ast
import pathlib
import sys
import unittest

from judge_world import LATER, START, Doctored, World, busy_world  # before judge_tool, which it puts on the path
from judge_tool import answers, chains, checks, keys, refusals
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

    def test_the_last_seat_may_go_while_somebody_asks_for_it(self):
        world = World()
        world.book("ann", "bo", "swim", 0)
        world.book("cat", "di", "swim", 500)
        world.refuse("eve", "flo", "swim", 502, "sold_out")
        self.assertEqual(world.violations(), {})
        world.refuse("eve", "flo", "swim", 490, "sold_out")
        self.assertEqual(set(world.violations()), {"refusals were true when given"})

    def test_a_seat_that_came_back_is_refused_by_no_fault_of_another_time(self):
        for at, until in ((-60_000, -50_000), (30_000, 40_000)):
            world = World()
            world.book("ann", "bo", "swim", 0)
            world.book("cat", "di", "swim", 10)
            world.cancel("ann-bo-swim", 5_000)
            world.refuse("eve", "flo", "swim", 12_000, "sold_out")
            world.faults.append(Fault("redis killed", START + at, START + until))
            self.assertEqual(set(world.violations()), {"refusals were true when given"}, at)

    def test_a_seat_is_taken_until_its_cancellation_was_told_to_be_done(self):
        """Not only until it was told to come back; and if it was never told, for as long as a server may be at it."""
        for ending in ({"status": 200}, {"outcome": "timed_out"}, {"outcome": None}):
            world = World()
            world.book("ann", "bo", "swim", 0)
            world.book("cat", "di", "swim", 10)
            world.gone("ann-bo-swim", 8_003)
            for invoked, facts in ((1_000, {"status": 503, "code": "unavailable", "retry_after": True}), (8_000, ending)):
                ended = None if facts.get("outcome", "") is None else invoked + 10
                world.request("cancel", "ann", invoked, ended, booking="ann-bo-swim", **facts)
            world.refuse("eve", "flo", "swim", 7_000, "sold_out")
            if "status" not in ending:
                world.refuse("eve", "flo", "swim", 17_000, "sold_out")
            self.assertEqual(world.violations(), {}, ending)

    def test_who_has_a_seat_may_be_told_to_come_back(self):
        for told in ({"outcome": "not_sent"}, {"status": 429, "code": "too_many_requests", "retry_after": True},
                     {"status": 503, "code": "unavailable", "retry_after": True},
                     {"status": 409, "code": "in_progress", "retry_after": True}):
            world = busy_world()
            world.ask("ann", "bo", "paint", 900, 910, **told)
            self.assertEqual(world.violations(), {}, told)

    def test_who_cancelled_may_be_refused_by_the_same_key(self):
        world = busy_world()
        world.refuse("cat", "di", "swim", 6_000, "sold_out", provisional=True)
        self.assertEqual(set(world.violations()), {"once told, always told"})
        world.cancel("cat-di-swim", 5_500)
        self.assertEqual(world.violations(), {})

    def test_a_cancellation_may_be_told_to_come_back_whoever_s_it_is(self):
        world = busy_world()
        for user, status, code in (("ann", 503, "unavailable"), ("eve", 503, "unavailable"), ("ann", 429, "too_many_requests")):
            world.request("cancel", user, 30_000, 30_010, booking="ann-bo-paint", status=status, code=code, retry_after=True)
        self.assertEqual(world.violations(), {})

    def test_a_programme_without_rules_allows_everything(self):
        world = World()
        summer = world.snapshot.programmes["summer"]
        summer.max_per_attendee, summer.max_per_user, summer.forbid_overlap = None, None, False
        for number, activity in enumerate(world.snapshot.activities):
            world.book("ann", "bo", activity, 100 * number)
        self.assertEqual(world.violations(), {})
        world.refuse("ann", "di", "swim", LATER, "limit_reached")
        self.assertEqual(set(world.violations()), {"refusals were true when given"})


class TheRules(unittest.TestCase):
    def test_each_is_caught_by_a_doctored_world_in_every_way_that_it_knows(self):
        # Run once more here, for each file is a process of its own.
        doctored = unittest.TestLoader().discover(str(pathlib.Path(__file__).parent), "test_judge_*.py")
        modules = {module.__file__: set() for module in (answers, chains, checks, keys, refusals)}

        def trace(frame, event, _):
            lines = modules.get(frame.f_code.co_filename)
            if lines is not None and event == "line":
                lines.add(frame.f_lineno)
            return trace if lines is not None else None

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            doctored.run(unittest.TestResult())
        finally:
            sys.settrace(before)
        self.assertEqual(set(checks.RULES) - Doctored.caught, set())
        told = 0
        for file, lines in modules.items():
            for sentence in sentences_of(file):
                self.assertTrue(lines.intersection(range(sentence.lineno, sentence.end_lineno + 1)),
                                f"{file}:{sentence.lineno} was never told: {ast.unparse(sentence)}")
                told += 1
        self.assertGreater(told, 50)


def sentences_of(file):
    """Where it tells of a violation: it yields, or gives back a text."""
    for node in ast.walk(ast.parse(pathlib.Path(file).read_text(encoding="utf-8"))):
        text = isinstance(node, ast.Return) and (isinstance(node.value, ast.JoinedStr)
                                                 or isinstance(getattr(node.value, "value", None), str))
        if text or isinstance(node, ast.Yield):
            yield node


if __name__ == "__main__":
    unittest.main()
