#!/usr/bin/python3 -B
"""scripts/tidy: units that are looked at as one are judged as if each were alone, and what is clean is remembered."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CMAKE = """cmake_minimum_required(VERSION 3.25)
project(units LANGUAGES CXX)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
add_compile_options(-Wall -Wshadow -Werror)
add_library(units src/first.cpp src/second.cpp src/third.cpp)
add_custom_target(zl_generated)
"""
# The first two have a local name in common, so that they can't be compiled as one.
UNITS = {
    "first": "namespace { int limit() { return 1; } }\nint first() { return limit(); }\n",
    "second": "namespace { int limit() { return 2; } }\nint second() { return limit(); }\n",
    "third": "int third(int value) { return value; }\n",
}
FAULT = "int* none() { return 0; }\n"


class Tidy(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="zl-tidy-"))
        self.addCleanup(shutil.rmtree, self.root)
        for folder in ("scripts", "src"):
            (self.root / folder).mkdir()
        shutil.copy(ROOT / "scripts/tidy", self.root / "scripts/tidy")
        (self.root / "CMakeLists.txt").write_text(CMAKE, encoding="utf-8")
        (self.root / ".clang-tidy").write_text("Checks: '-*,modernize-use-nullptr,bugprone-suspicious-include'\n"
                                               "WarningsAsErrors: '*'\nHeaderFilterRegex: '/src/'\n", encoding="utf-8")
        for name, text in UNITS.items():
            self.write(name, text)

    def write(self, unit, text):
        (self.root / f"src/{unit}.cpp").write_text(text, encoding="utf-8")

    def tidy(self, *files):
        """Status and what was said."""
        result = subprocess.run([self.root / "scripts/tidy", *files], cwd=self.root, stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, check=False)
        return result.returncode, result.stdout + result.stderr

    def remembered(self):
        return len(list((self.root / "build/lint/clean").iterdir()))

    def test_units_that_do_not_go_together_are_clean_all_the_same(self):
        status, said = self.tidy()
        self.assertEqual(status, 0, said)
        self.assertIn("tidy: 3 units, 0 with faults", said)
        self.assertEqual(self.remembered(), 3)

    def test_a_fault_is_told_once_of_the_unit_that_has_it_and_the_others_are_remembered(self):
        for unit in UNITS:
            with self.subTest(unit):
                self.write(unit, UNITS[unit] + FAULT)
                status, said = self.tidy()
                self.write(unit, UNITS[unit])
                self.assertEqual(status, 1, said)
                self.assertEqual(said.count("modernize-use-nullptr"), 1, said)
                self.assertIn(f"src/{unit}.cpp:", said)
                self.assertIn("tidy: 3 units, 1 with faults", said)
        self.assertEqual(self.tidy()[0], 0)

    def test_one_unit_may_be_named(self):
        self.write("first", UNITS["first"] + FAULT)
        self.assertEqual(self.tidy("src/third.cpp")[0], 0)
        self.assertEqual(self.tidy("src/first.cpp")[0], 1)


if __name__ == "__main__":
    unittest.main()
