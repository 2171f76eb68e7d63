"""Whether refusals were true: each rule that an answer gives as broken, and not only provisionally, was broken at some moment
between the request and its answer."""
from __future__ import annotations

import collections
from collections.abc import Iterator

from .capacities import Capacities
from .history import History, Request
from .snapshot import Snapshot
from .timeline import Span, Timeline, most_during


class Possibly:
    """Who may have held what; found quickly."""

    def __init__(self, timeline: Timeline):
        self.of_activity: dict[str, list[Span]] = collections.defaultdict(list)
        self.of_attendee: dict[str, list[Span]] = collections.defaultdict(list)
        self.of_user: dict[str, list[Span]] = collections.defaultdict(list)
        for span in timeline.possible:
            self.of_activity[span.booking.activity].append(span)
            self.of_attendee[span.booking.attendee].append(span)
            self.of_user[span.booking.user].append(span)


def untrue(history: History, snapshot: Snapshot, timeline: Timeline, capacities: Capacities) -> Iterator[str]:
    possibly = Possibly(timeline)
    for request in history.books:
        if request.outcome != "answered" or request.activity not in snapshot.activities:
            continue
        for violation in request.definitive:
            if fault := fault_of(violation, request, snapshot, possibly, capacities):
                yield f"request {request.number} was told {violation['code']}, but {fault}"


def fault_of(violation: dict, request: Request, snapshot: Snapshot, possibly: Possibly,
             capacities: Capacities) -> str | None:
    activity = snapshot.activities[request.activity]
    match violation["code"]:
        case "sold_out":
            most = most_during(possibly.of_activity[activity.id], request)
            capacity = capacities.least_during(activity.id, request)
            if most < capacity:
                return f"only {most} of {capacity} seats of activity {activity.id[:8]} can have been taken"
        case "already_booked":
            own = [span for span in possibly.of_activity[activity.id] if span.booking.attendee == request.attendee]
            if not most_during(own, request):
                return f"attendee {request.attendee[:8]} can't have held it"
        case "limit_reached":
            programme = snapshot.programmes[activity.programme]
            counts = []
            for spans, cap in ((possibly.of_attendee[request.attendee], programme.max_per_attendee),
                               (possibly.of_user[request.user], programme.max_per_user)):
                if cap is not None:
                    most = most_during([span for span in spans if span.booking.programme == programme.id], request)
                    counts.append((most, cap))
            if all(most < cap for most, cap in counts):
                return f"(held, cap) can at most have been {counts}"
        case "overlaps":
            met = [span for span in possibly.of_attendee[request.attendee] if span.booking.activity != activity.id
                   and span.booking.programme == activity.programme and snapshot.overlapping(span.booking.activity, activity.id)]
            if not most_during(met, request):
                return f"attendee {request.attendee[:8]} can't have held anything at that time"
        case "closed" | "not_open" | "ineligible":
            return None  # the runs that are judged have none of these to tell
    return None
