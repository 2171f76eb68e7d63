"""How many seats an activity may have had at each moment, where its station changes that while parents press.

A change that was told holds from somewhere between its first byte and its answer, and ends what was before; one that nobody
learned the outcome of may hold as well from then on, until another is told: changes name the version that they change, so
that none has an effect after a later one. Servers may believe in what was before until they have heard of it.
"""
from __future__ import annotations

import dataclasses
import math

from .history import History, Request
from .snapshot import Snapshot
from .timeline import ROUNDING_MS, Timeline


@dataclasses.dataclass
class Value:
    """A capacity that may have held from `start` to `end`, and been believed in until `known`."""

    capacity: int
    start: float
    end: float = math.inf
    known: float = math.inf


class Capacities:
    def __init__(self, history: History, snapshot: Snapshot, timeline: Timeline):
        first = history.run.get("capacities", {})
        changes = history.changes_of("capacity")
        self._values = {activity.id: values_of(first.get(activity.id, activity.capacity), changes.get(activity.id, []), timeline)
                        for activity in snapshot.activities.values()}

    def most_at(self, activity: str, moment: float) -> int:
        return max(value.capacity for value in self._values[activity]
                   if value.start - ROUNDING_MS <= moment <= value.end + ROUNDING_MS)

    def least_during(self, activity: str, request: Request) -> int:
        """As a server may have known it that answered this."""
        until = math.inf if request.ended is None else request.ended
        return min(value.capacity for value in self._values[activity]
                   if value.start - ROUNDING_MS <= until and request.invoked <= value.known)

    def at_the_end(self, activity: str) -> set[int]:
        return {value.capacity for value in self._values[activity] if value.end == math.inf}

    def moments(self, activity: str) -> list[float]:
        """When one of them is over for certain."""
        return [value.end + ROUNDING_MS + 1 for value in self._values[activity] if value.end != math.inf]


def values_of(first: int, changes: list[Request], timeline: Timeline) -> list[Value]:
    values = [Value(first, -math.inf)]
    for change in changes:
        if change.succeeded:
            for value in values:
                if value.end == math.inf:
                    value.end, value.known = change.ended, timeline.healed(change.ended)
        values.append(Value(change.capacity, change.invoked))
    return values
