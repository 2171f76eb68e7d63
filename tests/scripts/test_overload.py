#!/usr/bin/python3
"""What loadtest/overload makes of its load's counts: goodput, recovery, the verdict. Doctored runs have to be found out."""

import copy
import importlib.machinery
import importlib.util
import pathlib
import sys
import unittest

LOADTEST = pathlib.Path(__file__).resolve().parents[2] / "loadtest"
sys.path.insert(0, str(LOADTEST))

from overload_tool import figures  # noqa: E402

LOADER = importlib.machinery.SourceFileLoader("overload", str(LOADTEST / "overload"))
overload = importlib.util.module_from_spec(importlib.util.spec_from_loader("overload", LOADER))
LOADER.exec_module(overload)

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

    def test_a_load_that_cannot_send_what_it_should_shows_nothing(self):
        for late_ms, true in ((500.0, True), (501.0, False)):
            self.flood()["lag"]["p99_ms"] = late_ms
            found = self.verdict()
            self.assertEqual(found["passed"], true)
            self.assertEqual("nothing is shown" not in overload.told("cores", found | {"steps": [{}]}), true)

    def test_a_flood_that_makes_more_than_the_peak_shows_that_it_was_none(self):
        for created, true in ((2_100, True), (2_101, False)):
            self.flood()["created"] = created
            found = self.verdict()
            self.assertEqual((found["peak_found"], found["passed"]), (true, true), created)
            told = overload.told("ledger", found | {"steps": [{}]})
            self.assertEqual("peak not found" not in told, true, told)
            self.assertTrue(told.endswith("PASS" if true else "FAIL"), told)


class Peak(unittest.TestCase):
    """Of a server that makes so many a second, and refuses who would have to wait for long."""

    def climb(self, capacity, of_closed_loop=500):
        self.asked = []

        def measure(rate):
            self.asked.append(rate)
            created = min(rate or of_closed_loop, capacity)
            refused = {"503 overloaded": {"count": 7}} if rate > capacity else {}
            return {"seconds": 2, "created": created * 2, "answers": {"201": {"count": created * 2}} | refused}

        return figures.climb(measure)

    def test_more_is_asked_for_until_no_more_comes_of_it_whoever_is_refused(self):
        steps = self.climb(640)
        self.assertAlmostEqual(figures.peak_of(steps), 640)
        self.assertEqual([step["refused"] for step in steps], [0, 0, 0, 7, 7, 7])
        for rate, wanted in zip(self.asked, (0, 550, 605, 665.5, 704, 704), strict=True):
            self.assertAlmostEqual(rate, wanted)

    def test_the_peak_is_the_best_step_though_a_later_one_made_less(self):
        made = iter((500, 540, 530, 520))
        steps = figures.climb(lambda _: {"seconds": 1, "created": next(made), "answers": {}})
        self.assertEqual((figures.peak_of(steps), len(steps)), (540, 4))

    def test_the_search_ends_where_no_end_is_in_sight(self):
        self.climb(1e9)
        self.assertEqual(len(self.asked), 1 + figures.MOST_STEPS)


class HammerVerdict(unittest.TestCase):
    PAIRS = [(1_000.0, 950.0), (1_000.0, 500.0), (1_000.0, 900.0)]
    TAKEN = [{"201": 5, "429 too_many_requests": 10_000}, {"409 sold_out": 40, "401 unauthorized": 30, "429 too_many_requests": 1}]

    def test_others_who_keep_nine_tenths_pass(self):
        found = figures.hammer_verdict(self.PAIRS, self.TAKEN, 70)
        self.assertTrue(found["passed"])
        self.assertAlmostEqual(found["ratio"], 0.9)
        self.assertEqual(found["hammer_let_pass"], 70)

    def test_the_spread_of_the_pairs_is_told(self):
        found = figures.hammer_verdict([(1_000.0, made) for made in (800.0, 850.0, 900.0, 950.0, 1_000.0)], self.TAKEN, 70)
        for quartile, wanted in zip(found["quartiles"], (0.85, 0.95), strict=True):
            self.assertAlmostEqual(quartile, wanted)
        self.assertIn("quartiles 0.85 and 0.95", overload.told("hammer", found))

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
