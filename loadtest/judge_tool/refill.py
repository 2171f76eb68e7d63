"""Books every seat that nobody holds, by strangers through the API, as the last proof that none is lost."""
from __future__ import annotations

import datetime
import http.client
import secrets
import time

from .api import Api
from .audit import unix_ms
from .history import Recorder, now_ms
from .snapshot import Activity, Snapshot

PAUSE_S = 0.05

# What a broken rule may say beside its code: by which booking, by which activity, for whom.
NAMED = ("booking_id", "activity_id", "scope")

# Answers after which a seat is asked for again: it may still be held, or the gate be rebuilt.
# Processes follow each other's publications within a second: until then one may not know what another has just published.
PASSING = ("sold_out", "unavailable", "overloaded", "outcome_unknown", "in_progress", "not_found")


class Refill:
    """Strangers at these addresses in turn. What they are told goes into the history too."""

    def __init__(self, urls: list[str], recorder: Recorder):
        self._urls = urls
        self._recorder = recorder
        self.booked = 0
        self.untried = 0  # beyond the limit of an activity, or after its booking ended
        self.slowest_s = 0.0  # from the beginning to the grant of the last seat

    def fill(self, snapshot: Snapshot, deadline_ms: int, limit: int) -> list[str]:
        """The seats that could not be had by the deadline, as sentences."""
        began = time.monotonic()
        faults = []
        for activity in snapshot.activities.values():
            free = activity.capacity - sum(b.active for b in snapshot.bookings.values() if b.activity == activity.id)
            if not activity.open:
                continue
            if snapshot.booking_ends_at(activity.id) <= now_ms():
                self.untried += max(free, 0)
                continue
            self.untried += max(free - limit, 0)
            for _ in range(min(free, limit)):
                if fault := self._book(activity, deadline_ms):
                    faults.append(fault)
                    break
                self.booked += 1
                self.slowest_s = time.monotonic() - began
        return faults

    def _book(self, activity: Activity, deadline_ms: int) -> str | None:
        stranger = Api(self._urls[self.booked % len(self._urls)])
        name = f"judge-{secrets.token_hex(8)}"
        user = stranger.log_in_parent(name)["id"]
        child = {"name": "Stranger", "birth_date": birth_date(activity), "relation": "parent"}
        attendee = stranger.demand("POST", "/me/attendees", child)["id"]
        key = secrets.token_hex(16)
        last = "no answer"
        try:
            while True:
                last = self._press(stranger, user, attendee, activity, key)
                if last == "booked":
                    return None
                if last not in PASSING and last != "no answer" or now_ms() > deadline_ms:
                    return f"a free seat of activity {activity.id[:8]} can't be had: {last}"
                time.sleep(PAUSE_S)
        finally:
            stranger.close()

    def _press(self, stranger: Api, user: str, attendee: str, activity: Activity, key: str) -> str:
        number = self._recorder.invoked("book", user, stranger.url, attendee=attendee, activity=activity.id, key=key)
        try:
            status, headers, answer = stranger.call("POST", f"/activities/{activity.id}/bookings", {"attendee_id": attendee},
                                                    {"Idempotency-Key": key})
        except (OSError, http.client.HTTPException):
            self._recorder.ended(number, "connection_lost")
            return "no answer"
        self._recorder.ended(number, "answered", **answer_facts(status, headers, answer))
        return "booked" if status in (200, 201) else answer["code"]


def answer_facts(status: int, headers: dict[str, str], answer: dict) -> dict:
    """What a history keeps of the answer to a booking or a cancellation."""
    facts: dict = {"status": status}
    if status in (200, 201):
        facts["told"] = {"id": answer["id"], "state": answer["state"], "activity": answer["activity_id"],
                         "attendee": answer["attendee_id"], "created_at": unix_ms(answer["created_at"])}
    else:
        facts |= {"code": answer.get("code"), "retry_after": "retry-after" in headers,
                  "violations": [{"code": violation["code"], "provisional": bool(violation.get("provisional"))}
                                 | {name: violation[name] for name in NAMED if name in violation}
                                 for violation in answer.get("violations", [])]}
    return facts


def birth_date(activity: Activity) -> str:
    """Of somebody as old as the activity asks for, some months past the birthday."""
    first_day = datetime.datetime.fromtimestamp(activity.sessions[0][0] / 1000, datetime.timezone.utc).date()
    return (first_day - datetime.timedelta(days=activity.age_min * 365.25 + 100)).isoformat()
