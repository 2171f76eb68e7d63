"""What the clients of a run saw: one JSON object a line, written as it happens, so that a client that dies leaves its open
requests behind. Times are unix milliseconds by this host's clock.

  {"event": "run", "at", "hold_ttl_ms", ...}            once a file; "capacities" by activity as they were made, where
                                                        they change; whatever else describes the run is only printed
  {"event": "invoked", "request", "at", "kind": "book" | "cancel", "user", "server", and for a booking "attendee",
   "activity", "key", for a cancellation "booking"; or "kind": "capacity" | "publish" | "close", what a station does to
   "activity", and its new "capacity"}
  {"event": "answered", "request", "at", "status", "code", "retry_after", "violations", "told"}
                                                        a violation has "code", "provisional" and, where the answer names
                                                        one, "booking_id", "activity_id", "scope"
  {"event": "timed_out" | "connection_lost" | "not_sent", "request", "at"}
  {"event": "fault", "what", "at", "until"}              something was broken from `at` until `until`
"""
from __future__ import annotations

import dataclasses
import json
import pathlib
import threading
import time
from collections.abc import Iterable, Iterator

CHANGES = ("capacity", "publish", "close")
ENDINGS = ("answered", "timed_out", "connection_lost", "not_sent")

# What a 503 may be that certainly has booked, or cancelled, nothing.
HARMLESS_503 = ("unavailable", "overloaded")


class Unreadable(Exception):
    """The history can't be judged; the text says why."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclasses.dataclass
class Request:
    """One request from its first byte on. `ended` and `outcome` stay None where the client died first."""

    number: int
    kind: str
    user: str
    invoked: int
    server: str = ""
    attendee: str = ""
    activity: str = ""
    key: str = ""
    booking: str = ""  # of a cancellation
    capacity: int = 0  # of a change
    ended: int | None = None
    outcome: str | None = None
    status: int = 0
    code: str | None = None
    retry_after: bool = False
    violations: list[dict] = dataclasses.field(default_factory=list)
    told: dict = dataclasses.field(default_factory=dict)  # of a booking: id, state, activity, attendee, created_at

    @property
    def succeeded(self) -> bool:
        return self.outcome == "answered" and self.status in (200, 201)

    @property
    def denied(self) -> bool:
        """Certainly without effect, now and later."""
        if self.outcome == "not_sent":
            return True
        if self.outcome != "answered" or self.succeeded:
            return False
        if self.status == 503:
            return self.code in HARMLESS_503
        return 400 <= self.status < 500 and self.code != "in_progress"

    @property
    def unknown(self) -> bool:
        return not self.succeeded and not self.denied

    @property
    def definitive(self) -> list[dict]:
        """The rules that a refusal gives as broken by what is committed."""
        return [violation for violation in self.violations if not violation.get("provisional")]


@dataclasses.dataclass(frozen=True)
class Fault:
    what: str
    at: int
    until: int


class History:
    """All requests of a run, in the order of their beginning; what stations changed is apart."""

    def __init__(self, requests: Iterable[Request] = (), faults: Iterable[Fault] = (), run: dict | None = None):
        everything = sorted(requests, key=lambda request: (request.invoked, request.number))
        self.requests = [request for request in everything if request.kind not in CHANGES]
        self.changes = [request for request in everything if request.kind in CHANGES]
        self.faults = sorted(faults, key=lambda fault: fault.at)
        self.run = run or {}

    @property
    def books(self) -> list[Request]:
        return [request for request in self.requests if request.kind == "book"]

    @property
    def cancels(self) -> list[Request]:
        return [request for request in self.requests if request.kind == "cancel"]

    @property
    def activities(self) -> set[str]:
        return {request.activity for request in self.books}

    @property
    def ended_at(self) -> int:
        """The last moment that the history knows of."""
        moments = [request.ended or request.invoked for request in [*self.requests, *self.changes]]
        return max(moments + [fault.until for fault in self.faults], default=0)

    def cancels_of(self) -> dict[str, list[Request]]:
        found: dict[str, list[Request]] = {}
        for request in self.cancels:
            found.setdefault(request.booking, []).append(request)
        return found

    def changes_of(self, kind: str) -> dict[str, list[Request]]:
        """By activity; without those that certainly had no effect."""
        found: dict[str, list[Request]] = {}
        for request in self.changes:
            if request.kind == kind and not request.denied:
                found.setdefault(request.activity, []).append(request)
        return found

    def presses(self) -> dict[tuple[str, str], list[Request]]:
        """The bookings asked for, by user and Idempotency-Key."""
        found: dict[tuple[str, str], list[Request]] = {}
        for request in self.books:
            found.setdefault((request.user, request.key), []).append(request)
        return found


class Recorder:
    """Writes a history; callable from several threads, each line at once."""

    def __init__(self, path: pathlib.Path, **run):
        self.path = path
        self._lock = threading.Lock()
        self._next = 1
        self._file = path.open("w", encoding="utf-8")
        self._write({"event": "run", "at": now_ms()} | run)

    def invoked(self, kind: str, user: str, server: str, **facts) -> int:
        """Before the first byte is sent; hands out the request's number."""
        with self._lock:
            number, self._next = self._next, self._next + 1
        self._write({"event": "invoked", "request": number, "at": now_ms(), "kind": kind, "user": user, "server": server} | facts)
        return number

    def ended(self, number: int, outcome: str, **facts) -> None:
        self._write({"event": outcome, "request": number, "at": now_ms()} | facts)

    def fault(self, what: str, at: int, until: int) -> None:
        self._write({"event": "fault", "what": what, "at": at, "until": until})

    def close(self) -> None:
        self._file.close()

    def _write(self, event: dict) -> None:
        line = json.dumps(event, ensure_ascii=False) + "\n"
        with self._lock:
            self._file.write(line)
            self._file.flush()


def read(paths: Iterable[pathlib.Path]) -> History:
    """The history of one run, recorded by one client or by several, each in a file of its own."""
    requests: dict[tuple[int, int], Request] = {}
    faults: list[Fault] = []
    run: dict = {}
    for part, path in enumerate(paths):
        for place, event in lines_of(path):
            try:
                take(event, part, requests, faults, run)
            except (KeyError, TypeError, ValueError) as error:
                raise Unreadable(f"{place}: {type(error).__name__} {error}") from error
    return History(requests.values(), faults, run)


def lines_of(path: pathlib.Path) -> Iterator[tuple[str, dict]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Unreadable(str(error)) from error
    for number, line in enumerate(lines, 1):
        try:
            yield f"{path}:{number}", json.loads(line)
        except json.JSONDecodeError as error:
            if number == len(lines):
                return  # a client that was killed while it wrote
            raise Unreadable(f"{path}:{number}: {error}") from error


def take(event: dict, part: int, requests: dict, faults: list[Fault], run: dict) -> None:
    facts = {name: value for name, value in event.items() if name not in ("event", "request", "at")}
    match event["event"]:
        case "run":
            run.update(facts)
        case "fault":
            faults.append(Fault(event["what"], event["at"], event["until"]))
        case "invoked":
            place = (part, event["request"])
            if place in requests:
                raise ValueError("a request that begins twice")
            requests[place] = Request(len(requests) + 1, invoked=event["at"], **facts)
        case ending if ending in ENDINGS:
            request = requests[part, event["request"]]
            if request.outcome is not None:
                raise ValueError("a request that ends twice")
            request.ended, request.outcome = event["at"], ending
            for name, value in facts.items():
                if name not in ("status", "code", "retry_after", "violations", "told"):
                    raise ValueError(f"an answer has no {name}")
                setattr(request, name, value)
        case other:
            raise ValueError(f"no such event: {other}")
