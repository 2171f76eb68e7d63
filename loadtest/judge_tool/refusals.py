"""Whether refusals were true: each rule that an answer gives as broken, and not only provisionally, was broken at some
moment between the request and its answer.

Opening and closing count by Redis's clock, which is this host's, like a history's; a server tells of them from its
estimate only where that is far enough from the moment, and else asks. They, ages and birth dates are as the ledger has
them afterwards: a history knows of no change of these.
"""
from __future__ import annotations

import collections
import datetime
import math
from collections.abc import Iterator

from .capacities import Capacities
from .history import History, Request
from .snapshot import Activity, Snapshot
from .timeline import ROUNDING_MS, Span, Timeline, most_during

HOUR_MS = 3_600_000

# Whether it is too late to cancel, a server that has not reached Redis since it started tells by its own clock.
OWN_CLOCK_MS = 600_000

# Where a town's day may begin before or after UTC's.
OFFSETS_H = (-12, 14)


class Known:
    """What refusals are held against; found quickly."""

    def __init__(self, history: History, snapshot: Snapshot, timeline: Timeline, capacities: Capacities):
        self.snapshot = snapshot
        self.capacities = capacities
        self.closes = history.changes_of("close")
        self.of_activity: dict[str, list[Span]] = collections.defaultdict(list)
        self.of_attendee: dict[str, list[Span]] = collections.defaultdict(list)
        self.of_user: dict[str, list[Span]] = collections.defaultdict(list)
        for span in timeline.possible:
            self.of_activity[span.booking.activity].append(span)
            self.of_attendee[span.booking.attendee].append(span)
            self.of_user[span.booking.user].append(span)


def untrue(history: History, snapshot: Snapshot, timeline: Timeline, capacities: Capacities) -> Iterator[str]:
    known = Known(history, snapshot, timeline, capacities)
    for request in history.books:
        if request.outcome != "answered" or request.activity not in snapshot.activities:
            continue
        for violation in request.definitive:
            if fault := FAULTS.get(violation["code"], no_rule)(violation, request, known):
                yield f"request {request.number} was told {violation['code']}, but {fault}"
    for request in history.cancels:
        if request.outcome == "answered" and request.code == "closed" and request.booking in snapshot.bookings:
            booking = snapshot.bookings[request.booking]
            until = (snapshot.first_start(booking.activity)
                     - snapshot.programmes[booking.programme].cancel_hours * HOUR_MS)
            if request.ended + OWN_CLOCK_MS < until:
                yield f"request {request.number} was told closed, but it could be cancelled until {until:.0f}"


def no_rule(_violation: dict, _request: Request, _known: Known) -> str | None:
    return "no rule is called so"


def sold_out(_violation: dict, request: Request, known: Known) -> str | None:
    most = most_during(known.of_activity[request.activity], request)
    capacity = known.capacities.least_during(request.activity, request)
    if most < capacity:
        return f"only {most} of {capacity} seats of activity {request.activity[:8]} can have been taken"
    return None


def already_booked(violation: dict, request: Request, known: Known) -> str | None:
    """By that booking, where it is named."""
    own = [span for span in known.of_activity[request.activity] if span.booking.attendee == request.attendee
           and violation.get("booking_id", span.booking.id) == span.booking.id]
    return None if most_during(own, request) else f"attendee {request.attendee[:8]} can't have held it"


def limit_reached(violation: dict, request: Request, known: Known) -> str | None:
    """Of the scope that is named, or of any."""
    programme = known.snapshot.programmes[known.snapshot.activities[request.activity].programme]
    counts = []
    for scope, spans, cap in (("attendee", known.of_attendee[request.attendee], programme.max_per_attendee),
                              ("user", known.of_user[request.user], programme.max_per_user)):
        if cap is not None and violation.get("scope", scope) == scope:
            most = most_during([span for span in spans if span.booking.programme == programme.id], request)
            counts.append((most, cap))
    if all(most < cap for most, cap in counts):
        return f"(held, cap) can at most have been {counts}"
    return None


def overlaps(violation: dict, request: Request, known: Known) -> str | None:
    """With the activity that is named, or with any."""
    activity = known.snapshot.activities[request.activity]
    if not known.snapshot.programmes[activity.programme].forbid_overlap:
        return "its programme allows that"
    met = [span for span in known.of_attendee[request.attendee] if span.booking.activity != activity.id
           and span.booking.programme == activity.programme
           and violation.get("activity_id", span.booking.activity) == span.booking.activity
           and known.snapshot.overlapping(span.booking.activity, activity.id)]
    if not most_during(met, request):
        return f"attendee {request.attendee[:8]} can't have held anything at that time"
    return None


def closed(_violation: dict, request: Request, known: Known) -> str | None:
    activity = known.snapshot.activities[request.activity]
    ends_at = known.snapshot.booking_ends_at(activity.id)
    if request.ended + ROUNDING_MS >= ends_at or request.ended >= cancelled_from(activity, known):
        return None
    return f"activity {activity.id[:8]} could be booked until {ends_at:.0f}, and nobody had cancelled it"


def cancelled_from(activity: Activity, known: Known) -> float:
    """When its station may have cancelled it for good."""
    if activity.open:
        return math.inf
    if activity.id in known.closes:
        return min(change.invoked for change in known.closes[activity.id])
    # By somebody who keeps no history; or it is a draft.
    return -math.inf if activity.id in known.snapshot.audit_closed else math.inf


def not_open(_violation: dict, request: Request, known: Known) -> str | None:
    opens_at = known.snapshot.programmes[known.snapshot.activities[request.activity].programme].opens_at
    return f"booking was open since {opens_at}" if request.invoked - ROUNDING_MS > opens_at else None


def ineligible(_violation: dict, request: Request, known: Known) -> str | None:
    activity = known.snapshot.activities[request.activity]
    birth = known.snapshot.births.get(request.attendee)
    if birth is None:
        return None
    start = datetime.datetime.fromtimestamp(known.snapshot.first_start(activity.id) / 1000, datetime.timezone.utc)
    ages = sorted({age_on(birth, (start + datetime.timedelta(hours=hours)).date()) for hours in OFFSETS_H})
    if activity.age_min <= ages[0] and ages[-1] <= activity.age_max:
        return f"attendee {request.attendee[:8]} is {ages[0]}, which is in {activity.age_min} to {activity.age_max}"
    return None


def age_on(birth: datetime.date, day: datetime.date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


FAULTS = {"sold_out": sold_out, "already_booked": already_booked, "limit_reached": limit_reached, "overlaps": overlaps,
          "closed": closed, "not_open": not_open, "ineligible": ineligible}
