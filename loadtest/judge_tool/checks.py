"""The rules by which a run is judged. Each check is a generator of violations, as sentences; RULES names them all."""
from __future__ import annotations

import collections
import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Iterator

from . import answers, chains, refusals
from .capacities import Capacities
from .history import History
from .keys import Keys
from .snapshot import Booking, Snapshot
from .timeline import ROUNDING_MS, Span, Timeline, most_at_once


class Case:
    """All that is known of a run."""

    def __init__(self, history: History, snapshot: Snapshot, heal_ms: int):
        self.history = history
        self.snapshot = snapshot
        self.timeline = Timeline(history, snapshot, heal_ms)
        self.capacities = Capacities(history, snapshot, self.timeline)
        self.cancels_of = history.cancels_of()
        self.closes_of = history.changes_of("close")

    def certain(self, by: Callable[[Booking], tuple]) -> dict[tuple, list[Span]]:
        """The certain times of all bookings, in groups."""
        return grouped(self.timeline.certain, lambda span: by(span.booking))


def grouped(items: Iterable, key: Callable) -> dict:
    groups = collections.defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups


def short(identifier: str) -> str:
    return identifier[:8]


def sold_within_capacity(case: Case) -> Iterator[str]:
    active = collections.Counter(booking.activity for booking in case.snapshot.bookings.values() if booking.active)
    for activity in case.snapshot.activities.values():
        if active[activity.id] > activity.capacity:
            yield f"activity {short(activity.id)} has {active[activity.id]} bookings and {activity.capacity} seats"
        if active[activity.id] != activity.seats_taken:
            yield f"activity {short(activity.id)} has {active[activity.id]} bookings and counts {activity.seats_taken}"
    for (activity_id,), spans in case.certain(lambda booking: (booking.activity,)).items():
        for moment in [span.start for span in spans] + case.capacities.moments(activity_id):
            held = sum(span.holds_at(moment) for span in spans)
            if held > (most := case.capacities.most_at(activity_id, moment)):
                yield f"activity {short(activity_id)} had {held} bookings at {moment:.0f}, and {most} seats at most"
                break


def nobody_twice(case: Case) -> Iterator[str]:
    for (activity, attendee), spans in case.certain(lambda booking: (booking.activity, booking.attendee)).items():
        most, when = most_at_once(spans)
        if most > 1:
            yield f"attendee {short(attendee)} held {most} bookings of activity {short(activity)} at {when:.0f}"


def state_is_one(case: Case) -> Iterator[str]:
    for booking in case.snapshot.bookings.values():
        if {booking.active, not booking.cancelled, booking.cancelled_at is None} == {True, False}:
            yield f"booking {short(booking.id)} contradicts itself: {booking}"


def told_exists(case: Case) -> Iterator[str]:
    """Every booking that was told is in the ledger, as it was told."""
    for request in case.history.books:
        if not request.succeeded:
            continue
        row = case.snapshot.bookings.get(request.told["id"])
        name = f"booking {short(request.told['id'])}, told by request {request.number},"
        if row is None:
            yield f"{name} does not exist"
        elif (row.user, row.attendee, row.activity) != (request.user, request.attendee, request.activity):
            yield f"{name} is another's: {row}"
        elif row.created_at != request.told["created_at"]:
            yield f"{name} was told to be of {request.told['created_at']} and is of {row.created_at}"


def cancelled_as_asked(case: Case) -> Iterator[str]:
    """A booking is gone where its holder was told so, may be gone where the holder never learned, and else stays,
    unless the station cancelled its activity."""
    for booking in case.snapshot.bookings.values():
        requests = case.cancels_of.get(booking.id, [])
        if booking.active and any(request.succeeded for request in requests):
            yield f"booking {short(booking.id)} is active, though its cancellation was told"
        elif not booking.active and all(request.denied for request in requests) and not closed(case, booking):
            yield f"booking {short(booking.id)} is cancelled, and {'every cancellation was refused' if requests else 'nobody asked'}"
        elif any(request.user != booking.user and not request.denied for request in requests):
            yield f"booking {short(booking.id)} was cancelled by somebody else"
    for booking_id, requests in case.cancels_of.items():
        if booking_id not in case.snapshot.bookings and any(request.succeeded for request in requests):
            yield f"booking {short(booking_id)} was cancelled and does not exist"


def closed(case: Case, booking: Booking) -> bool:
    """The activity was cancelled with this booking in it, as far as its station knows."""
    return booking.activity in case.closes_of and not case.snapshot.activities[booking.activity].open


def changed_as_asked(case: Case) -> Iterator[str]:
    """An activity has the capacity that its station gave it, and takes bookings unless the station ended that."""
    active = collections.Counter(booking.activity for booking in case.snapshot.bookings.values() if booking.active)
    for activity in case.snapshot.activities.values():
        name = f"activity {short(activity.id)}"
        if activity.capacity not in (possible := case.capacities.at_the_end(activity.id)):
            yield f"{name} has {activity.capacity} seats, and was given {sorted(possible)}"
        asked = [change for change in case.history.changes
                 if change.kind == "publish" and change.activity == activity.id]
        published = [change for change in asked if change.succeeded]
        closes = case.closes_of.get(activity.id, [])
        if activity.open and any(change.succeeded for change in closes):
            yield f"{name} takes bookings, though its cancellation was told"
        if not activity.open and published and not closes:
            yield f"{name} takes no bookings, though its publication was told and nobody cancelled it"
        if activity.open and asked and all(change.denied for change in asked):
            yield f"{name} takes bookings, though every publication was refused"
        if not activity.open and active[activity.id]:
            yield f"{name} takes no bookings and has {active[activity.id]}"


def one_key_one_booking(case: Case) -> Iterator[str]:
    """All that a key was told is one booking, which no other key was told."""
    told_of_key: dict[tuple[str, str], set[str]] = {}
    for place, requests in case.history.presses().items():
        told = {request.told["id"] for request in requests if request.succeeded}
        if len(told) > 1:
            yield f"key {place[1]} of user {short(place[0])} was told {len(told)} bookings"
        told_of_key[place] = told
    for booking_id, count in collections.Counter(itertools.chain.from_iterable(told_of_key.values())).items():
        if count > 1:
            yield f"booking {short(booking_id)} was told to {count} keys"


def nothing_denied_exists(case: Case) -> Iterator[str]:
    """A booking was told, or a key made it that never learned the outcome."""
    for booking, why in Keys(case.history, case.snapshot, case.timeline).unmade():
        yield f"booking {short(booking.id)} exists, and {why}"


def times_are_possible(case: Case) -> Iterator[str]:
    """A booking is decided after it was first asked for, and before it was first told."""
    wishes = grouped(case.history.books, lambda request: (request.user, request.activity, request.attendee))
    for booking in case.snapshot.bookings.values():
        requests = wishes.get((booking.user, booking.activity, booking.attendee), [])
        if requests and booking.created_at < min(request.invoked for request in requests) - ROUNDING_MS:
            yield f"booking {short(booking.id)} is of {booking.created_at}, before anybody asked for it"
        told = [request.ended for request in requests if request.succeeded and request.told["id"] == booking.id]
        if told and booking.created_at > min(told) + ROUNDING_MS:
            yield f"booking {short(booking.id)} is of {booking.created_at}, after it was told at {min(told)}"


def decided_while_open(case: Case) -> Iterator[str]:
    """By Redis's clock, which is the gate's own: nothing has to be allowed for."""
    for booking in case.snapshot.bookings.values():
        opens_at, ends_at = case.snapshot.programmes[booking.programme].opens_at, case.snapshot.booking_ends_at(booking.activity)
        if not opens_at <= booking.created_at < ends_at:
            yield f"booking {short(booking.id)} is of {booking.created_at}, and could be made from {opens_at} until {ends_at:.0f}"


def once_told_always_told(case: Case) -> Iterator[str]:
    """Who was told of a booking and never asked to cancel it is told of it again, whatever they press."""
    for (_, key), requests in case.history.presses().items():
        told = [request for request in requests if request.succeeded]
        if not told or told[0].told["id"] in case.cancels_of:
            continue
        first = min(told, key=lambda request: request.ended)
        for request in requests:
            if request.invoked > first.ended and request.outcome == "answered" and request.denied and request.status not in (429, 503):
                yield (f"key {key} was told of booking {short(first.told['id'])} by request {first.number} and refused with "
                       f"{request.status} {request.code} by request {request.number}")


def caps_hold(case: Case) -> Iterator[str]:
    scopes = (("attendee", lambda b: (b.programme, b.attendee), lambda p: p.max_per_attendee),
              ("user", lambda b: (b.programme, b.user), lambda p: p.max_per_user))
    for scope, by, cap_of in scopes:
        for (programme, who), spans in case.certain(by).items():
            cap = cap_of(case.snapshot.programmes[programme])
            most, when = most_at_once(spans)
            if cap is not None and most > cap:
                yield f"{scope} {short(who)} held {most} bookings of programme {short(programme)} at {when:.0f}; the cap is {cap}"


def overlaps_hold(case: Case) -> Iterator[str]:
    for (programme, attendee), spans in case.certain(lambda booking: (booking.programme, booking.attendee)).items():
        if not case.snapshot.programmes[programme].forbid_overlap:
            continue
        for one, other in itertools.combinations(spans, 2):
            same = one.booking.activity == other.booking.activity  # nobody_twice tells
            together = max(one.start, other.start) < min(one.end, other.end)
            if together and not same and case.snapshot.overlapping(one.booking.activity, other.booking.activity):
                yield (f"attendee {short(attendee)} held activities {short(one.booking.activity)} and "
                       f"{short(other.booking.activity)} at once, which overlap")


def gate_agrees(case: Case) -> Iterator[str]:
    """After the run has settled, Redis holds what MySQL holds, seat by seat."""
    booked = grouped((b for b in case.snapshot.bookings.values() if b.active), lambda booking: booking.activity)
    for activity in case.snapshot.activities.values():
        if not activity.open:
            continue
        gate = case.snapshot.gate.get(activity.id)
        if gate is None:
            yield f"the gate does not know activity {short(activity.id)}"
            continue
        in_ledger = {booking.id for booking in booked.get(activity.id, [])}
        if gate.used != len(in_ledger) or gate.capacity != activity.capacity:
            yield (f"the gate counts {gate.used} of {gate.capacity} seats of activity {short(activity.id)}, the ledger "
                   f"{len(in_ledger)} of {activity.capacity}")
        if set(gate.holders) != in_ledger:
            yield f"activity {short(activity.id)}: gate and ledger differ in {sorted(map(short, set(gate.holders) ^ in_ledger))}"
        if pending := [booking for booking, committed in gate.holders.items() if not committed]:
            yield f"activity {short(activity.id)}: holds that nobody answered for: {sorted(map(short, pending))}"


def audit_agrees(case: Case) -> Iterator[str]:
    """One entry for each booking and each cancellation, with the same facts, and none beside them. The entry of a booking may
    tell the time of its whole commit: no earlier than it was decided, no later than it was told."""
    told: dict[str, int] = {}
    for request in case.history.books:
        if request.succeeded:
            told[request.told["id"]] = min(request.ended, told.get(request.told["id"], request.ended))
    with_activity: collections.Counter[str] = collections.Counter()
    entries = grouped(case.snapshot.audit, lambda entry: (entry.action, entry.subject))
    for booking in case.snapshot.bookings.values():
        made = entries.pop(("booking.create", booking.id), [])
        if len(made) != 1:
            yield f"booking {short(booking.id)} has {len(made)} audit entries of its making"
        elif (made[0].activity, made[0].attendee, made[0].actor) != (booking.activity, booking.attendee, booking.user):
            yield f"booking {short(booking.id)} is {booking}, and its audit entry tells {made[0]}"
        elif not booking.created_at <= made[0].at <= told.get(booking.id, math.inf) + ROUNDING_MS:
            yield f"booking {short(booking.id)} is of {booking.created_at}, and its audit entry of {made[0].at}"
        gone = entries.pop(("booking.cancel", booking.id), [])
        if not booking.active and not gone and closed(case, booking):
            with_activity[booking.activity] += 1
        elif len(gone) != (0 if booking.active else 1):
            yield f"booking {short(booking.id)}, {'' if booking.active else 'not '}active, has {len(gone)} audit entries of its end"
        elif gone and (gone[0].actor, gone[0].at) != (booking.user, booking.cancelled_at):
            yield f"booking {short(booking.id)} was cancelled at {booking.cancelled_at}, and its audit entry tells {gone[0]}"
    for activity in {*with_activity, *(set(case.snapshot.audit_closed) & set(case.snapshot.activities))}:
        told_closed = case.snapshot.audit_closed.get(activity, [])
        if told_closed != [with_activity[activity]]:
            yield (f"{with_activity[activity]} bookings went with activity {short(activity)}, and its audit entries "
                   f"tell of {told_closed}")
    for action, subject in entries:
        yield f"the audit tells of {action} of {short(subject)}, which does not exist"


def chains_are_whole(case: Case) -> Iterator[str]:
    return chains.faults(case.snapshot.audit_rows)


def api_tells_the_audit(case: Case) -> Iterator[str]:
    """What the servers tell of the audit is what is written."""
    written, told = (collections.Counter(map(dataclasses.astuple, entries))
                     for entries in (case.snapshot.audit, case.snapshot.audit_told))
    for (action, subject, *_), count in (written - told).items():
        yield f"the API leaves out {count} entries of {action} of {short(subject)}, or tells them otherwise"
    for (action, subject, *_), count in (told - written).items():
        yield f"the API tells {count} entries of {action} of {short(subject)} that are not written"


def answers_are_allowed(case: Case) -> Iterator[str]:
    return answers.not_allowed(case.history, case.timeline)


def refusals_are_true(case: Case) -> Iterator[str]:
    return refusals.untrue(case.history, case.snapshot, case.timeline, case.capacities)


RULES: dict[str, Callable[[Case], Iterator[str]]] = {
    "confirmed <= capacity": sold_within_capacity,
    "no attendee twice": nobody_twice,
    "a booking is active or cancelled": state_is_one,
    "what was told exists": told_exists,
    "cancelled by its holder alone": cancelled_as_asked,
    "changed as its station asked": changed_as_asked,
    "one key, one booking": one_key_one_booking,
    "nothing that was denied exists": nothing_denied_exists,
    "decided between asking and telling": times_are_possible,
    "decided while booking was open": decided_while_open,
    "once told, always told": once_told_always_told,
    "caps at every moment": caps_hold,
    "no overlaps at any moment": overlaps_hold,
    "the gate agrees with the ledger": gate_agrees,
    "the audit tells the same story": audit_agrees,
    "the audit's chains are whole": chains_are_whole,
    "the API tells the audit that is written": api_tells_the_audit,
    "answers of the contract": answers_are_allowed,
    "refusals were true when given": refusals_are_true,
}
