"""When a booking took its seat, as the history bounds what the rows tell.

A row's created_at is the gate's decision, by Redis's clock; cancelled_at is read by the server from its estimate of that clock,
before it commits. Certain and possible times differ where a client never learned the outcome of its cancellation.
"""
from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable

from .history import History, Request
from .snapshot import Booking, Snapshot

# design.md: servers estimate Redis's clock to within this.
ESTIMATE_MS = 250

# Redis's clock is read in microseconds and told in milliseconds.
ROUNDING_MS = 2

# design.md: what a server knows of a sold out activity lapses after a second; the rest is for the answer's way.
LAPSE_MS = 1_500


@dataclasses.dataclass(frozen=True)
class Span:
    """A booking's time: from `start` to `end`, infinite where it lasts."""

    start: float
    end: float
    booking: Booking

    def holds_at(self, moment: float) -> bool:
        return self.start <= moment < self.end


class Timeline:
    """The bookings of a run in time. `heal_ms` is how long after a fault the stores may still differ."""

    def __init__(self, history: History, snapshot: Snapshot, heal_ms: int):
        self._history = history
        self._heal_ms = heal_ms
        self._cancels = history.cancels_of()
        self._closes = history.changes_of("close")
        self.certain = [self._certain(booking) for booking in snapshot.bookings.values()]
        self.possible = [self._possible(booking) for booking in snapshot.bookings.values()]

    def _certain(self, booking: Booking) -> Span:
        """No later than the gate gave the seat, and at least until somebody asked for the cancellation."""
        if booking.cancelled_at is None:
            return Span(booking.created_at, math.inf, booking)
        asked = [request.invoked for request in self._ends(booking) if request.outcome != "not_sent"]
        end = max([booking.cancelled_at - ESTIMATE_MS] + ([min(asked)] if asked else []))
        return Span(booking.created_at, max(end, booking.created_at), booking)

    def _possible(self, booking: Booking) -> Span:
        """As long as the gate may have counted the seat as taken."""
        start = booking.created_at - ROUNDING_MS
        if booking.cancelled_at is None:
            return Span(start, math.inf, booking)
        requests = self._ends(booking)
        told = [request.ended for request in requests if request.succeeded]
        if told:
            gone = min(told)
        elif any(request.ended is None for request in requests):
            return Span(start, math.inf, booking)
        else:
            # Some server went on with a cancellation after its client had left.
            gone = max([booking.cancelled_at] + [request.ended for request in requests]) + self._heal_ms
        return Span(start, self.healed(gone), booking)

    def _ends(self, booking: Booking) -> list[Request]:
        """What may have ended it: a holder's cancellation, or the station's of the activity."""
        return self._cancels.get(booking.id, []) + self._closes.get(booking.activity, [])

    def healed(self, moment: float) -> float:
        """When everybody knows of what was committed at this moment."""
        known = moment + LAPSE_MS
        for fault in self._history.faults:  # by beginning: one may begin before the last has healed
            if fault.at <= known and moment <= fault.until + self._heal_ms:
                known = max(known, fault.until + self._heal_ms + LAPSE_MS)
        return known


def most_at_once(spans: Iterable[Span]) -> tuple[int, float]:
    """How many of them held at the fullest moment, and when that was."""
    changes = sorted([(span.start, 1) for span in spans] + [(span.end, -1) for span in spans])
    most, when, count = 0, 0.0, 0
    for moment, change in changes:  # at one moment, ends come before starts
        count += change
        if count > most:
            most, when = count, moment
    return most, when


def most_during(spans: list[Span], request: Request) -> int:
    """How many of them held at the fullest moment of a request."""
    until = math.inf if request.ended is None else request.ended
    moments = [float(request.invoked)] + [span.start for span in spans if request.invoked < span.start <= until]
    return max(sum(span.holds_at(moment) for span in spans) for moment in moments)
