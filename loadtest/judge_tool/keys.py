"""Which Idempotency-Key may have made which booking. A booking's id is an HMAC of user and key under a secret that the
judge does not have; it goes by the ids that answers tie to keys, and by when each key was pressed.

A key that was told a booking has made no other. One that was not has made one at most, by a press that may have booked.
The gate gave the seat after the key was pressed first (a hold that a denied press left is the next one's) and, where
all of those presses were answered, before the last answer; one without an answer may be on its way for long. And the
key was not refused beside that booking: whoever decides looks for the key's own before any rule.
"""
from __future__ import annotations

import collections
from collections.abc import Iterator

from .history import History, Request
from .snapshot import Booking, Snapshot
from .timeline import ROUNDING_MS, Timeline

# Told by the gate, or by memory for a moment after the seat was given. The others may be told without asking the gate,
# by a ledger that has no booking of the key yet.
OF_THE_GATE = {"already_booked", "limit_reached", "overlaps", "sold_out"}


def wish_of(thing: Request | Booking) -> tuple[str, str, str]:
    return thing.user, thing.activity, thing.attendee


class Keys:
    def __init__(self, history: History, snapshot: Snapshot, timeline: Timeline):
        self._timeline = timeline
        told = {request.told["id"] for request in history.books if request.succeeded}
        self._untold = collections.defaultdict(list)
        for booking in snapshot.bookings.values():
            if booking.id not in told:
                self._untold[wish_of(booking)].append(booking)
        # By wish: the presses of each key that may have made an untold booking.
        self._open = collections.defaultdict(list)
        for presses in history.presses().values():
            if not any(request.succeeded for request in presses):
                for wish in {wish_of(request) for request in presses if request.unknown}:
                    self._open[wish].append([request for request in presses
                                             if wish_of(request) == wish and request.outcome != "not_sent"])

    def unmade(self) -> Iterator[tuple[Booking, str]]:
        """Bookings that no key is left for, each key having made one at most; and why."""
        for wish, bookings in self._untold.items():
            keys = self._open[wish]
            possible = {booking.id: [number for number, presses in enumerate(keys)
                                     if self._may_have_made(presses, booking)] for booking in bookings}
            made: dict[int, str] = {}  # by key
            for booking in bookings:
                if not keys:
                    yield booking, "every answer denied it or told of another"
                elif not possible[booking.id]:
                    yield booking, "no key that never learned its outcome can have made it"
                elif not assign(booking.id, possible, made, set()):
                    yield booking, f"{len(bookings)} bookings would be of {len(keys)} keys"

    def _may_have_made(self, presses: list[Request], booking: Booking) -> bool:
        if booking.created_at < min(request.invoked for request in presses) - ROUNDING_MS:
            return False
        may_have_booked = [request for request in presses if request.unknown]
        if all(request.outcome == "answered" for request in may_have_booked):
            if booking.created_at > max(request.ended for request in may_have_booked) + ROUNDING_MS:
                return False
        return not any(self._refused_beside(request, booking) for request in presses)

    def _refused_beside(self, request: Request, booking: Booking) -> bool:
        if any(violation.get("booking_id") == booking.id for violation in request.violations):
            return True
        # One that was cancelled is not in the gate any more.
        return (booking.active and request.code in OF_THE_GATE
                and request.invoked > self._timeline.healed(booking.created_at))


def assign(booking: str, possible: dict[str, list[int]], made: dict[int, str], tried: set[int]) -> bool:
    """Gives the booking a key of its own, if need be by giving others another."""
    for key in possible[booking]:
        if key in tried:
            continue
        tried.add(key)
        if key not in made or assign(made[key], possible, made, tried):
            made[key] = booking
            return True
    return False
