#!/usr/bin/python3
"""What loadtest/overload makes of its load's counts: goodput, recovery, the verdict. Doctored runs have to be found out."""

import copy
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "loadtest"))

from overload_tool import figures  # noqa: E402

CALM = {"meant": 60, "refused": 0, "created": 60, "p99_ms": 20.0}
FLOODED = {"meant": 500, "refused": 405, "created": 95, "p99_ms": 300.0}


def answered(**kinds):
    return {kind.replace("_", " "): {"count": count, "p50_ms": p99 / 2, "p99_ms": p99, "max_ms": p99 * 2}
            for kind, (count, p99) in kinds.items()}


def phase(name, seconds, meant, created, kinds):
    return {"name": name, "rate": meant / seconds, "seconds": seconds, "meant": meant, "created": created,
            "lag": {"count": meant, "p50_ms": 0.1, "p99_ms": 1.0, "max_ms": 2.0}, "answers": kinds, "retry_after_s": {}}


def good_run():
    return {"sent": 12_000, "unanswered": 0, "broken": 0, "slice_s": 0.1,
            "phases": [phase("calm", 1, 600, 600, answered(**{"201": (600, 20.0)})),
                       phase("flood", 2, 10_000, 1_900, answered(**{"201": (1_900, 300.0), "503_overloaded": (8_100, 5.0)})),
                       phase("after", 2, 1_200, 1_200, answered(**{"201": (1_200, 20.0)}))],
            "slices": [CALM] * 10 + [FLOODED] * 20 + [FLOODED] * 3 + [CALM] * 17}


class Verdict(unittest.TestCase):
    def setUp(self):
        self.run_ = copy.deepcopy(good_run())

    def verdict(self, peak=1_000.0):
        return figures.overload_verdict(self.run_, peak)

    def flood(self):
        return figures.phase_of(self.run_, "flood")

    def test_a_good_run_passes(self):
        found = self.verdict()
        self.assertTrue(found["passed"])
        self.assertAlmostEqual(found["goodput_ratio"], 0.95)
        self.assertAlmostEqual(found["recovery_s"], 0.3)
        self.assertEqual((found["accepted"], found["refused"]), (1_900, 8_100))

    def test_goodput_that_falls_fails(self):
        self.flood()["created"] = 1_700
        self.assertFalse(self.verdict()["passed"])

    def test_slow_acceptance_fails(self):
        self.flood()["answers"]["201"]["p99_ms"] = 1_000.0
        self.assertFalse(self.verdict()["passed"])

    def test_a_slow_recovery_and_none_fail(self):
        self.run_["slices"][30:] = [FLOODED] * 20
        self.assertIsNone(self.verdict()["recovery_s"])
        self.assertFalse(self.verdict()["passed"])
        figures.phase_of(self.run_, "after")["seconds"] = 4
        self.run_["slices"][30:] = [FLOODED] * 20 + [CALM] * 20
        self.assertAlmostEqual(self.verdict()["recovery_s"], 2.0)
        self.assertFalse(self.verdict()["passed"])

    def test_a_flicker_is_no_recovery(self):
        self.run_["slices"][30:] = [CALM, CALM, FLOODED] * 2 + [CALM] * 14
        self.assertAlmostEqual(self.verdict()["recovery_s"], 0.6)

    def test_other_answers_and_missing_ones_fail(self):
        self.flood()["answers"]["503 outcome_unknown"] = {"count": 1, "p50_ms": 1.0, "p99_ms": 1.0, "max_ms": 1.0}
        found = self.verdict()
        self.assertEqual(found["unexpected"], {"503 outcome_unknown": 1})
        self.assertFalse(found["passed"])
        self.run_ = copy.deepcopy(good_run())
        self.run_["unanswered"] = 1
        self.assertFalse(self.verdict()["passed"])

    def test_a_flood_that_nobody_was_refused_in_was_none(self):
        del self.flood()["answers"]["503 overloaded"]
        self.assertFalse(self.verdict()["passed"])


class HammerVerdict(unittest.TestCase):
    PAIRS = [(1_000.0, 950.0), (1_000.0, 500.0), (1_000.0, 900.0)]
    TAKEN = [{"201": 5, "429 too_many_requests": 10_000}, {"409 sold_out": 40, "401 unauthorized": 30, "429 too_many_requests": 1}]

    def test_others_who_keep_nine_tenths_pass(self):
        found = figures.hammer_verdict(self.PAIRS, self.TAKEN, 70)
        self.assertTrue(found["passed"])
        self.assertAlmostEqual(found["ratio"], 0.9)
        self.assertEqual(found["hammer_let_pass"], 70)

    def test_others_who_are_slowed_fail(self):
        self.assertFalse(figures.hammer_verdict([(1_000.0, 890.0)] * 3, self.TAKEN, 70)["passed"])

    def test_more_than_the_bucket_fails(self):
        self.assertFalse(figures.hammer_verdict(self.PAIRS, self.TAKEN, 69)["passed"])

    def test_who_was_never_let_through_hammered_nothing(self):
        self.assertFalse(figures.hammer_verdict(self.PAIRS, [{}], 70)["passed"])

    def test_who_was_not_told_each_time_to_slow_down_hammered_nothing(self):
        self.assertFalse(figures.hammer_verdict(self.PAIRS, [*self.TAKEN, {"201": 5}], 70)["passed"])

    def test_who_asks_for_little_at_a_time_and_is_told_that_there_is_no_room_has_taken_it(self):
        taken = [self.TAKEN[0], self.TAKEN[1] | {"503 overloaded": 1}]
        self.assertTrue(figures.hammer_verdict(self.PAIRS, taken, 70)["passed"])
        self.assertFalse(figures.hammer_verdict(self.PAIRS, taken, 70, room=True)["passed"])


if __name__ == "__main__":
    unittest.main()
