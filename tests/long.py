#!/usr/bin/python3 -B
"""Every long form of the tests, one after the other; what each printed goes to var/long, and a line with its counts is
printed when it ends.

  scripts/test long [--seed S] [--only PART…]

A part that fails doesn't keep the others from running. Exit status: 0 all passed, 1 some failed.
"""
import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TEST = ROOT / "scripts/test"
LOGS = ROOT / "var/long"
CTEST = r"\d+% tests passed, \d+ tests? failed out of \d+"

# What of its output is told when it ends: each line that one of these matches.
Part = collections.namedtuple("Part", "command environment telling")


def parts(seed):
    return {
        "rounds": Part([TEST, "fault", "--rounds", "100", "--seed", seed], {},
                       [r"\d+ rounds of seed .*", r"bookings asked for +\d+$", r"bookings in the ledger +\d+$",
                        r"cuts of the network +\d+$", r"that hit something +\d+$", r"grants without a commit at a blow +\d+$",
                        r"returned before their writer woke +\d+$", r"programmes that opened under way +\d+$",
                        r"opened while something was broken +\d+$", r"presses there that were told not_open +\d+$",
                        r"programmes that closed under way +\d+$", r"failed \(.*"]),
        "integration": Part([TEST, "integration"], {"ZL_LONG": "1"}, [CTEST]),
        "fault": Part([TEST, "fault"], {"ZL_LONG": "1"}, [CTEST]),
        "sim": Part([TEST, "sim", "--seeds", "100000"], {}, [r"\d+ seeds in .*", r"seed \d+: .*"]),
        "mixed": Part([TEST, "fault", "--mixed", "--minutes", "30", "--seed", seed], {},
                      [r"\d+ +answers in all.*", r"resident memory .*", r"descriptors +at most .*", r"FAULT .*"]),
        "hostile": Part([TEST, "fault", "--hostile"], {"ZL_LONG": "1"},
                        [r"hostile clients: .* at the peak.*", r"Ran \d+ tests .*"]),
        "fuzz": Part([TEST, "fuzz", "--seconds", "600"], {}, [r"fuzz: \d+ targets.*"]),
        "tsan": Part([TEST, "tsan"], {}, [CTEST]),
        "overload": Part([ROOT / "loadtest/overload"], {}, [r"overload: .*"]),
    }


def told_of(part, output):
    """The last lines of an output that tell its counts, as one."""
    told = []
    for pattern in part.telling:
        # The totals come last: what a single round printed in the same words was before.
        found = re.findall(rf"^ *({pattern})", output, re.MULTILINE)
        several = pattern.startswith(("overload", "hostile", "FAULT"))
        told += [re.sub(r"  +", " ", line) for line in (found if several else found[-1:])]
    return "; ".join(told) or "no counts"


def run(name, part, logs=LOGS):
    """True where it passed; prints its line."""
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    began = time.monotonic()
    with log.open("wb") as out:
        ended = subprocess.run(part.command, env=os.environ | part.environment, stdin=subprocess.DEVNULL, stdout=out,
                               stderr=subprocess.STDOUT, check=False)
    told = told_of(part, log.read_text(errors="replace"))
    passed = ended.returncode == 0
    verdict = "PASS" if passed else f"FAIL (status {ended.returncode}, see {log})"
    print(f"long: {name}: {told}; {(time.monotonic() - began) / 60:.1f} min: {verdict}", flush=True)
    return passed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="20180701", help="of the rounds and of the ordinary day")
    parser.add_argument("--only", nargs="+", choices=list(parts("")), metavar="PART", help=", ".join(parts("")))
    options = parser.parse_args()
    wanted = {name: part for name, part in parts(options.seed).items() if not options.only or name in options.only}
    failed = [name for name, part in wanted.items() if not run(name, part)]
    names = f"; failed: {' '.join(failed)}" if failed else ""
    print(f"long: {len(wanted) - len(failed)} of {len(wanted)} passed{names}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
