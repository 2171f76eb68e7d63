#!/usr/bin/python3 -B
"""Runs the fuzz targets, as many at a time as there are processors: tests/fuzz/run.py [--seconds N] [--keep] [TARGET…].

A target is a unit tests/fuzz/TARGET.cpp; its seeds are tests/fuzz/corpus/TARGET/, its words tests/fuzz/TARGET.dict, and
either may be missing. What a run finds new is kept under build/fuzz/corpus/ for the next one, an input that breaks
something under build/fuzz/findings/. With --keep, whatever of that reaches code that no seed reaches becomes a seed. Says how many inputs ran; fails for a finding, and where nothing ran.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/fuzz"
BUILD = ROOT / "build/fuzz"
FINDINGS = BUILD / "findings"
SECONDS_PER_INPUT = 20
MEMORY_MB = 2048
REPORT_LINES = 40
KEPT_BYTES = 4096  # of an input that becomes a seed

Result = collections.namedtuple("Result", "target status inputs coverage report")


def targets() -> list[str]:
    return sorted(unit.stem for unit in HERE.glob("*.cpp"))


def fuzzer(target: str, arguments: list) -> subprocess.CompletedProcess:
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:quarantine_size_mb=64",
                                "UBSAN_OPTIONS": "print_stacktrace=1"}
    return subprocess.run([BUILD / "tests" / f"fuzz_{target}", *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, check=False)


def seeds_of(target: str) -> pathlib.Path:
    return HERE / "corpus" / target


def grown_of(target: str) -> pathlib.Path:
    return BUILD / "corpus" / target


def run(target: str, seconds: int) -> Result:
    grown_of(target).mkdir(parents=True, exist_ok=True)
    arguments = [f"-max_total_time={seconds}", f"-timeout={SECONDS_PER_INPUT}", f"-rss_limit_mb={MEMORY_MB}",
                 "-print_final_stats=1", f"-artifact_prefix={FINDINGS / target}-"]
    words = HERE / f"{target}.dict"
    if words.exists():
        arguments.append(f"-dict={words}")
    arguments += [grown_of(target), *([seeds_of(target)] if seeds_of(target).exists() else [])]
    done = fuzzer(target, arguments)
    log = done.stdout.decode(errors="replace")
    inputs = int((re.findall(r"stat::number_of_executed_units: (\d+)", log) or ["0"])[-1])
    coverage = int((re.findall(r"\bcov: (\d+)", log) or ["0"])[-1])
    return Result(target, done.returncode, inputs, coverage, log)


def keep(target: str) -> int:
    """The fewest that reach what the seeds do not. How many were added."""
    seeds = seeds_of(target)
    seeds.mkdir(parents=True, exist_ok=True)
    before = len(list(seeds.iterdir()))
    done = fuzzer(target, ["-set_cover_merge=1", "-use_counters=0", f"-max_len={KEPT_BYTES}", seeds, grown_of(target)])
    if done.returncode != 0:
        raise SystemExit(f"fuzz: {target}: could not merge\n{done.stdout.decode(errors='replace')}")
    return len(list(seeds.iterdir())) - before


def what_broke(log: str) -> str:
    """The report of the finding, without the progress before it."""
    begin = re.search(r"PROPERTY BROKEN|runtime error:|Assertion|ERROR: |terminate called", log)
    lines = log[begin.start() if begin else 0:].splitlines()
    artifact = [line for line in lines if "Test unit written to" in line]
    return "\n".join(lines[:REPORT_LINES] + artifact[-1:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=30, help="for each target; 600 for the long form")
    parser.add_argument("--keep", action="store_true", help="add what reached new code to the seeds")
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    options = parser.parse_args()
    wanted = options.targets or targets()
    if unknown := set(wanted) - set(targets()):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    FINDINGS.mkdir(parents=True, exist_ok=True)

    faults = []
    total = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(lambda target: run(target, options.seconds), wanted):
            total += result.inputs
            verdict = "no finding" if result.status == 0 else f"A FINDING (status {result.status})"
            if result.inputs == 0:
                verdict = "NOTHING RAN"
            print(f"fuzz: {result.target:<16}{result.inputs:>12,} inputs{result.coverage:>8,} edges  {verdict}", flush=True)
            if result.status != 0 or result.inputs == 0:
                faults.append(result.target)
                print(what_broke(result.report), flush=True)
    print(f"fuzz: {len(wanted)} targets, {total:,} inputs, {options.seconds} s each"
          + (f"; faults in {', '.join(faults)}" if faults else "; no finding"))
    if options.keep and not faults:
        for target in wanted:
            print(f"fuzz: {target:<16}{keep(target):>12,} seeds added", flush=True)
    return 1 if faults or not wanted else 0


sys.exit(main())
