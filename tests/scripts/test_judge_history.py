#!/usr/bin/python3 -B
"""loadtest/judge's history: what clients record is read again, and what can't be right is refused."""
import json
import pathlib
import tempfile
import unittest

import judge_world  # noqa: F401 (puts judge_tool on the path)
from judge_tool import history
from judge_tool.history import Fault, Recorder


class TheFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="zl-")
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "history.jsonl"

    def test_what_is_recorded_is_read_again(self):
        recorder = Recorder(self.path, seed=7)
        first = recorder.invoked("book", "ann", "http://here", attendee="bo", activity="swim", key="k")
        second = recorder.invoked("cancel", "cat", "http://here", booking="b")
        recorder.ended(second, "timed_out")
        recorder.ended(first, "answered", status=409, code="sold_out", retry_after=False,
                       violations=[{"code": "sold_out", "provisional": False}])
        recorder.invoked("book", "eve", "http://here", attendee="flo", activity="swim", key="l")
        recorder.fault("redis killed", 1, 2)
        recorder.close()
        read = history.read([self.path])
        self.assertEqual(read.run["seed"], 7)
        self.assertEqual(read.faults, [Fault("redis killed", 1, 2)])
        self.assertEqual([(r.user, r.outcome, r.denied, r.unknown) for r in read.requests],
                         [("ann", "answered", True, False), ("cat", "timed_out", False, True), ("eve", None, False, True)])
        self.assertEqual(read.requests[0].definitive, [{"code": "sold_out", "provisional": False}])

    def test_the_files_of_several_clients_are_one_history(self):
        paths = [self.path, self.path.with_suffix(".second")]
        for path in paths:
            recorder = Recorder(path)
            recorder.ended(recorder.invoked("cancel", "ann", "http://here", booking=path.name), "not_sent")
            recorder.close()
        read = history.read(paths)
        self.assertEqual([(r.number, r.booking) for r in read.requests], [(1, paths[0].name), (2, paths[1].name)])

    def test_a_line_that_a_killed_client_did_not_finish_is_left_out(self):
        self.path.write_text('{"event": "run", "at": 1}\n{"event": "invo')
        self.assertEqual(history.read([self.path]).requests, [])

    def test_a_history_that_can_t_be_right_is_refused(self):
        invoked = {"event": "invoked", "request": 1, "at": 1, "kind": "cancel", "user": "ann", "server": "", "booking": "b"}
        ended = {"event": "timed_out", "request": 1, "at": 2}
        for events in ([ended], [invoked, invoked], [invoked, ended, ended], [invoked | {"event": "dreamt"}],
                       [invoked, ended | {"mood": "good"}]):
            self.path.write_text("".join(json.dumps(event) + "\n" for event in events))
            with self.assertRaises(history.Unreadable, msg=events):
                history.read([self.path])


if __name__ == "__main__":
    unittest.main()
