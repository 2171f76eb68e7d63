"""Judges a run: waits until it has settled, books what is free, reads everything and applies the rules."""
from __future__ import annotations

import collections
import dataclasses
import pathlib
import time
from collections.abc import Iterable

from . import chains, checks, history as histories
from .api import Api
from .audit import read_audit
from .gate import Redis, RedisFault, read_gate
from .history import History, Recorder, now_ms
from .ledger import Ledger
from .refill import Refill
from .snapshot import Snapshot

PAUSE_S = 0.1

# For what a judge's own bookings change.
MOMENT_MS = 5_000

# Clocks of the servers may be this far behind the clients'.
AUDIT_MARGIN_MS = 60_000


@dataclasses.dataclass
class Places:
    """Where everything is that a judge asks."""

    ledger: Ledger
    redis_socket: pathlib.Path
    urls: list[str]
    admin: Api  # logged in


@dataclasses.dataclass
class Verdict:
    violations: list[str]
    counts: dict[str, object]

    @property
    def tested_nothing(self) -> bool:
        return not self.counts["bookings asked for"] or not self.counts["bookings in the ledger"]

    def text(self) -> str:
        lines = [f"  {name:36} {value}" for name, value in self.counts.items()]
        lines += [f"  VIOLATION {violation}" for violation in self.violations]
        return "\n".join(lines)


def judge(places: Places, parts: Iterable[pathlib.Path], heal_ms: int, refill_limit: int) -> Verdict:
    """The verdict on a run whose clients have ended and whose faults are over. `parts` are the history's files; what the
    judge does itself goes into a further one beside the first. Every seat has to be free `heal_ms` after the last request and
    the last fault."""
    parts = list(parts)
    recorded = histories.read(parts)
    deadline_ms = recorded.ended_at + heal_ms
    programmes = places.ledger.programmes_of(recorded.activities)
    violations = [f"settling: {fault}" for fault in settle(places, programmes, deadline_ms)]
    settled_at = now_ms()

    recorder = Recorder(parts[0].with_name(f"{parts[0].name}.judge"))
    refill = Refill(places.urls, recorder)
    violations += [f"lost seats: {fault}" for fault in
                   refill.fill(places.ledger.read(programmes), max(deadline_ms, now_ms() + MOMENT_MS), refill_limit)]
    recorder.close()
    settle(places, programmes, now_ms() + MOMENT_MS)  # what is left is told by the rule of the gate

    history = histories.read([*parts, recorder.path])
    snapshot = read(places, programmes, history)
    case = checks.Case(history, snapshot, heal_ms)
    violations += [f"{name}: {fault}" for name, rule in checks.RULES.items() for fault in rule(case)]
    return Verdict(violations, counts_of(case, refill, settled_at))


def settle(places: Places, programmes: Iterable[str], deadline_ms: int) -> list[str]:
    """Waits until gate and ledger are one; what still differs at the deadline."""
    while True:
        try:
            snapshot = places.ledger.read(programmes)
            snapshot.gate = gate_of(places, snapshot)
            faults = list(checks.gate_agrees(checks.Case(History(), snapshot, 0)))
        except RedisFault as error:
            faults = [str(error)]
        if not faults or now_ms() > deadline_ms:
            return faults
        time.sleep(PAUSE_S)


def gate_of(places: Places, snapshot: Snapshot) -> dict:
    redis = Redis(places.redis_socket)
    try:
        return read_gate(redis, snapshot.activities.values())
    finally:
        redis.close()


def read(places: Places, programmes: Iterable[str], history: History) -> Snapshot:
    snapshot = places.ledger.read(programmes)
    snapshot.gate = gate_of(places, snapshot)
    snapshot.births = places.ledger.births({request.attendee for request in history.books})
    since = min((request.invoked for request in history.requests), default=now_ms()) - AUDIT_MARGIN_MS
    told = read_audit(places.admin, since)
    snapshot.audit_rows = places.ledger.audit()
    snapshot.audit_closed = chains.closed(snapshot.audit_rows)
    written = list(chains.entries(snapshot.audit_rows, since))
    # Others book too: what is told of a booking of another programme is not this run's.
    elsewhere = places.ledger.existing({entry.subject for entry in [*told, *written]} - set(snapshot.bookings))
    elsewhere |= {entry.subject for entry in written if entry.activity and entry.activity not in snapshot.activities}
    snapshot.audit = [entry for entry in written if entry.subject not in elsewhere]
    snapshot.audit_told = [entry for entry in told if entry.subject not in elsewhere]
    return snapshot


def counts_of(case: checks.Case, refill: Refill, settled_at: int) -> dict[str, object]:
    history, snapshot = case.history, case.snapshot
    outcomes = collections.Counter(request.outcome or "never ended" for request in history.requests)
    answers = collections.Counter(str(request.status) if request.succeeded else f"{request.status} {request.code}"
                                  for request in history.requests if request.outcome == "answered")
    definitive = collections.Counter(violation["code"] for request in history.books for violation in request.definitive)
    presses = history.presses().values()
    last_fault = max((fault.until for fault in history.faults), default=0)
    return {
        "faults": len(history.faults),
        "requests": f"{len(history.requests)} ({in_words(outcomes)})",
        "answers": in_words(answers),
        "bookings asked for": len(presses),
        "  with the same key more than once": sum(len(requests) > 1 for requests in presses),
        "  never told the outcome": sum(not any(r.succeeded for r in requests) and any(r.unknown for r in requests)
                                        for requests in presses),
        "cancellations asked for": len(case.cancels_of),
        "changes by the station": in_words(collections.Counter(
            f"{change.kind} {change.code or change.status or change.outcome}" for change in history.changes)) or "none",
        "refusals held against the seats": in_words(definitive) or "none",
        "bookings in the ledger": len(snapshot.bookings),
        "  cancelled": sum(not booking.active for booking in snapshot.bookings.values()),
        "seats": f"{sum(a.capacity for a in snapshot.activities.values())} in {len(snapshot.activities)} activities "
                 f"of {len(snapshot.programmes)} programmes",
        "audit entries": len(snapshot.audit),
        "  rows of the whole table": f"{len(snapshot.audit_rows)} in "
                                     f"{len({row.chain for row in snapshot.audit_rows})} chains",
        "settled at the latest": f"{(settled_at - last_fault) / 1000:.1f} s after the last fault" if last_fault else "at once",
        "free seats booked by strangers": f"{refill.booked}, the last after {refill.slowest_s:.1f} s",
        "free seats that were not tried": refill.untried,
    }


def in_words(counter: collections.Counter) -> str:
    return ", ".join(f"{count} {name}" for name, count in counter.most_common())
