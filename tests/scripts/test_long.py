#!/usr/bin/python3 -B
"""scripts/test long: what it tells of each part, and that one which fails is told and fails the whole."""
import contextlib
import importlib.util
import io
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("long_form", ROOT / "tests/long.py")
long_form = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(long_form)

OUTPUTS = {
    "rounds": ("  bookings asked for                   7\n2 rounds of seed 7 in 30 s:\n"
               "  bookings asked for                   19\n  bookings in the ledger               12\n"
               "  cuts of the network                  2\n  that hit something                   1\n"
               "  grants without a commit at a blow    3\n  returned before their writer woke    2\n"
               "  programmes that opened under way     4\n  opened while something was broken    1\n"
               "  presses there that were told not_open 90\n  programmes that closed under way     1\n"
               "failed (violations, or nothing tested): none\n",
               "2 rounds of seed 7 in 30 s:; bookings asked for 19; bookings in the ledger 12; "
               "cuts of the network 2; that hit something 1; grants without a commit at a blow 3; "
               "returned before their writer woke 2; programmes that opened under way 4; opened while something was broken 1; "
               "presses there that were told not_open 90; programmes that closed under way 1; "
               "failed (violations, or nothing tested): none"),
    "integration": ("\n100% tests passed, 0 tests failed out of 46\n", "100% tests passed, 0 tests failed out of 46"),
    "fault": ("\n100% tests passed, 0 tests failed out of 21\n", "100% tests passed, 0 tests failed out of 21"),
    "sim": ("coverage\n100000 seeds in 9.1 s, all promises held; settled within 3 ms (seed 4)\n",
            "100000 seeds in 9.1 s, all promises held; settled within 3 ms (seed 4)"),
    "mixed": ("   153068  answers in all, 255 a second\n  resident memory  18.8 MiB and 18.8 MiB (+0.0)\n"
              "  descriptors      at most 60 and 60\nFAULT a\nFAULT b\n",
              "153068 answers in all, 255 a second; resident memory 18.8 MiB and 18.8 MiB (+0.0); "
              "descriptors at most 60 and 60; FAULT a; FAULT b"),
    "hostile": ("hostile clients: 9 idle connections: 3.6 KiB each at the peak (at most 8)\n"
                "hostile clients: 9 requests at 2/s and 4 at once: 4 let through\n"
                "hostile clients: 3 header bombs: +0.8 MiB at the peak (at most 8), of 23; 23 afterwards\n"
                "Ran 13 tests in 29.262s\n\nOK\n",
                "hostile clients: 9 idle connections: 3.6 KiB each at the peak (at most 8); "
                "hostile clients: 3 header bombs: +0.8 MiB at the peak (at most 8), of 23; 23 afterwards; "
                "Ran 13 tests in 29.262s"),
    "fuzz": ("fuzz: http  5 inputs\nfuzz: 7 targets, 12 inputs, 600 s each; no finding\n",
             "fuzz: 7 targets, 12 inputs, 600 s each; no finding"),
    "tsan": ("98% tests passed, 1 tests failed out of 60\n", "98% tests passed, 1 tests failed out of 60"),
    "overload": ("overload: ledger: peak 1/s: PASS\noverload: hammer: 2: PASS\n",
                 "overload: ledger: peak 1/s: PASS; overload: hammer: 2: PASS"),
}


class TheLongForm(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="zl-")
        self.addCleanup(folder.cleanup)
        self.logs = pathlib.Path(folder.name) / "long"

    def run_part(self, script):
        out = io.StringIO()
        part = long_form.Part([sys.executable, "-c", script], {"ZL_TOLD": "seen"}, [r"counted \d+"])
        with contextlib.redirect_stdout(out):
            passed = long_form.run("part", part, self.logs)
        return passed, out.getvalue()

    def test_every_part_tells_its_counts(self):
        parts = long_form.parts("7")
        self.assertEqual(set(parts), set(OUTPUTS))
        for name, (output, told) in OUTPUTS.items():
            self.assertEqual(long_form.told_of(parts[name], output), told)

    def test_what_told_nothing_is_told(self):
        self.assertEqual(long_form.told_of(long_form.parts("7")["sim"], "Segmentation fault"), "no counts")

    def test_a_part_that_passes(self):
        passed, told = self.run_part("print('counted 3')")
        self.assertTrue(passed)
        self.assertRegex(told, r"^long: part: counted 3; 0\.\d min: PASS\n$")

    def test_a_part_that_fails_is_told_with_what_it_had_counted(self):
        passed, told = self.run_part("import os, sys; print('counted 3'); print(os.environ['ZL_TOLD']); sys.exit(4)")
        self.assertFalse(passed)
        self.assertIn("long: part: counted 3; ", told)
        self.assertIn("FAIL (status 4, see ", told)
        self.assertIn("seen", (self.logs / "part.log").read_text())

    def test_one_that_fails_fails_the_whole_and_keeps_no_other_from_running(self):
        parts = {name: long_form.Part(["sh", "-c", f"exit {status}"], {}, []) for name, status in (("a", 1), ("b", 0))}
        out = io.StringIO()
        with mock.patch.object(long_form, "parts", lambda seed: parts), mock.patch.object(sys, "argv", ["long"]), \
                mock.patch.object(long_form, "run", lambda name, part: part.command[-1] == "exit 0"), \
                contextlib.redirect_stdout(out):
            self.assertEqual(long_form.main(), 1)
        self.assertEqual(out.getvalue(), "long: 1 of 2 passed; failed: a\n")


if __name__ == "__main__":
    unittest.main()
