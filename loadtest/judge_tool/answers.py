"""Whether answers are such as the contract allows, whatever they say: a status, and what goes with it."""
from __future__ import annotations

import math
from collections.abc import Iterator

from .history import History, Request
from .timeline import Timeline

# design.md: servers poll for what has changed each second; twice more for a busy machine.
NEWS_MS = 3_000

BOOK_ANSWERS = {200, 201, 403, 409, 429, 503}
CANCEL_ANSWERS = {200, 409, 429, 503}


def not_allowed(history: History, timeline: Timeline) -> Iterator[str]:
    published = Published(history, timeline)
    for request in history.requests:
        if request.outcome != "answered":
            continue
        allowed = BOOK_ANSWERS if request.kind == "book" else CANCEL_ANSWERS
        if request.kind == "book" and not published.known_to_all(request):
            allowed = allowed | {404}
        if request.status not in allowed:
            yield f"request {request.number} ({request.kind}) was answered {request.status} {request.code}"
        elif request.status in (429, 503) and not request.retry_after:
            yield f"request {request.number} was answered {request.status} {request.code} without Retry-After"
        elif request.kind == "book" and request.status in (403, 409) and request.code != "in_progress":
            if request.code not in {violation["code"] for violation in request.violations}:
                yield f"request {request.number} was answered {request.status} {request.code} without naming that rule"


class Published:
    """Which activities everybody knows of. No publication is recorded of what was there before."""

    def __init__(self, history: History, timeline: Timeline):
        self._timeline = timeline
        self._on_the_way = {change.activity for change in history.changes if change.kind == "publish"}
        self._since: dict[str, float] = {}
        for request in [*history.changes, *history.books]:
            if tells_of_publication(request):
                self._since[request.activity] = min(request.ended, self._since.get(request.activity, math.inf))

    def known_to_all(self, request: Request) -> bool:
        """When this was asked."""
        if request.activity not in self._on_the_way:
            return True
        since = self._since.get(request.activity, math.inf)
        return request.invoked > self._timeline.healed(since) + NEWS_MS


def tells_of_publication(request: Request) -> bool:
    """Its station was told so, or a parent got a seat, or a refusal that names broken rules."""
    if request.kind == "publish":
        return request.succeeded
    return request.kind == "book" and (request.succeeded or bool(request.violations))
