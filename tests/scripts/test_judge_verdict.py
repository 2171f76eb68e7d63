#!/usr/bin/python3 -B
"""loadtest/judge's own part in a run: it waits until gate and ledger are one, and strangers book what nobody holds."""
import pathlib
import tempfile
import types
import unittest
from unittest import mock

from judge_world import HOUR_MS, World  # before judge_tool, which it puts on the path
from judge_tool import refill, verdict
from judge_tool.gate import RedisFault
from judge_tool.history import Recorder, now_ms, read
from judge_tool.refill import Refill

BOOKED = 201, {}, {"id": "b", "state": "confirmed", "activity_id": "dance", "attendee_id": "a",
                   "created_at": "2026-07-05T12:00:00.000Z"}


def refusal(status, code):
    return status, {}, {"code": code}


class TheVerdict(unittest.TestCase):
    def test_a_run_without_bookings_has_tested_nothing(self):
        counts = {"bookings asked for": 3, "bookings in the ledger": 2}
        self.assertFalse(verdict.Verdict([], counts).tested_nothing)
        for name in counts:
            self.assertTrue(verdict.Verdict([], counts | {name: 0}).tested_nothing)


class Settling(unittest.TestCase):
    def setUp(self):
        world = World()
        world.book("ann", "bo", "swim", 0)
        self.snapshot = world.snapshot
        self.good, self.bad = world.snapshot.gate, {name: count for name, count in world.snapshot.gate.items() if name != "swim"}
        self.enterContext(mock.patch.object(verdict, "PAUSE_S", 0))

    def settle(self, gates, deadline_ms):
        """`gates` are what Redis says, one time after the other; the last for good."""
        def gate_of(*_):
            gate = gates.pop(0) if len(gates) > 1 else gates[0]
            if isinstance(gate, Exception):
                raise gate
            return gate

        places = types.SimpleNamespace(ledger=types.SimpleNamespace(read=lambda _: self.snapshot))
        with mock.patch.object(verdict, "gate_of", gate_of):
            return verdict.settle(places, ["summer"], deadline_ms)

    def test_a_gate_that_differs_or_is_away_for_a_while_is_waited_for(self):
        self.assertEqual(self.settle([self.bad, RedisFault("away"), self.good], now_ms() + HOUR_MS), [])

    def test_a_gate_that_differs_for_good_is_told(self):
        self.assertEqual(self.settle([self.bad], now_ms() - 1), ["the gate does not know activity swim"])

    def test_a_gate_that_is_away_for_good_is_told(self):
        self.assertEqual(self.settle([RedisFault("away")], now_ms() - 1), ["away"])


class Strangers(unittest.TestCase):
    """The server's answers to bookings are the test's, one after the other; the last for good."""

    def setUp(self):
        world = World()
        world.book("ann", "bo", "dance", 0)
        self.snapshot = world.snapshot
        soon = now_ms() + 100 * HOUR_MS
        for name, activity in self.snapshot.activities.items():
            activity.sessions, activity.open = [(soon, soon + HOUR_MS)], name == "dance"
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="zl-"))
        self.recorder = Recorder(pathlib.Path(folder) / "history.jsonl")
        self.addCleanup(self.recorder.close)
        self.refill = Refill(["http://here"], self.recorder)
        self.enterContext(mock.patch.object(refill, "PAUSE_S", 0))

    def fill(self, *answers, in_ms=HOUR_MS, limit=9):
        answers = list(answers)

        class Scripted:
            def __init__(self, url):
                self.url = url

            def log_in_parent(self, openid):
                return {"id": openid}

            def demand(self, *_):
                return {"id": "child"}

            def call(self, *_):
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if isinstance(answer, Exception):
                    raise answer
                return answer

            def close(self):
                pass

        with mock.patch.object(refill, "Api", Scripted):
            return self.refill.fill(self.snapshot, now_ms() + in_ms, limit)

    def test_a_seat_is_asked_for_until_it_is_had(self):
        passing = [refusal(*told) for told in ((409, "sold_out"), (503, "unavailable"), (503, "overloaded"),
                                               (503, "outcome_unknown"), (409, "in_progress"), (404, "not_found"))]
        self.assertEqual(self.fill(*passing, OSError("cut"), BOOKED), [])
        self.assertEqual((self.refill.booked, self.refill.untried), (1, 0))
        self.assertEqual([(request.outcome, request.status) for request in read([self.recorder.path]).requests],
                         [("answered", answer[0]) for answer in passing] + [("connection_lost", 0), ("answered", 201)])

    def test_a_seat_that_can_t_be_had_in_time_is_told(self):
        for answer, said in ((refusal(409, "sold_out"), "sold_out"), (refusal(404, "not_found"), "not_found"),
                             (OSError("cut"), "no answer")):
            self.assertEqual(self.fill(answer, in_ms=-1), [f"a free seat of activity dance can't be had: {said}"])

    def test_a_seat_that_is_refused_for_another_reason_is_told_at_once(self):
        for code in ("already_booked", "closed", "ineligible", "limit_reached", "overlaps"):
            self.assertEqual(self.fill(refusal(409, code)), [f"a free seat of activity dance can't be had: {code}"])

    def test_no_more_are_tried_than_wanted_and_of_a_draft_none(self):
        self.snapshot.activities["dance"].capacity = 5
        self.assertEqual(self.fill(BOOKED, limit=3), [])
        self.assertEqual((self.refill.booked, self.refill.untried), (3, 1))


if __name__ == "__main__":
    unittest.main()
