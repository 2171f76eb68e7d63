"""The audit's story of bookings as GET /admin/audit tells it: a second opinion beside the table (chains.py), which has
to be the same. The only place that knows how it is asked for and read."""
from __future__ import annotations

import datetime
import urllib.parse

from .api import Api
from .snapshot import AuditEntry

ACTIONS = ("booking.create", "booking.cancel")
PAGE = 200


def read_audit(admin: Api, since: int) -> list[AuditEntry]:
    """Everything that bookings went through since that moment (unix ms). Raises Failed."""
    entries = []
    for action in ACTIONS:
        query = {"action": action, "from": instant_text(since), "limit": PAGE}
        while True:
            page = admin.demand("GET", f"/admin/audit?{urllib.parse.urlencode(query)}")
            entries += [entry_of(item) for item in page["items"]]
            if not page["next_cursor"]:
                break
            query["cursor"] = page["next_cursor"]
    return entries


def entry_of(item: dict) -> AuditEntry:
    return AuditEntry(action=item["action"], subject=item["subject"], actor=item["actor"], at=unix_ms(item["at"]),
                      activity=item["detail"].get("activity_id"), attendee=item["detail"].get("attendee_id"))


def unix_ms(text: str) -> int:
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def instant_text(moment: int) -> str:
    return datetime.datetime.fromtimestamp(moment / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds")
