"""The audit table: what its rows tell of bookings, and whether its hash chains are whole. The only place that knows how
a row is written.

A row's hash is SHA-256 of the hash of the row before (32 zero bytes before the first) and then of chain, seq, at,
actor, role, action, subject, detail, address and request, each behind its length in 4 bytes; numbers are 8 bytes, all
big-endian. The row of a group commit tells of its bookings by a line for each: booking, activity, attendee and user in
hex, "@" and the address, the request.
"""
from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Iterable, Iterator

from .snapshot import AuditEntry, AuditRow

BOOKED = b"booking.create"
CANCELLED = b"booking.cancel"
CLOSED = b"activity.cancel"
FIRST_PREV_HASH = bytes(32)

LINE = re.compile(rb"([0-9a-f]{32}) ([0-9a-f]{32}) ([0-9a-f]{32}) ([0-9a-f]{32}) @[^ \n]* [^\n]*")


def hash_of(row: AuditRow) -> bytes:
    fields = (row.chain, struct.pack(">Q", row.seq), struct.pack(">q", row.at), row.actor, row.role, row.action,
              row.subject, row.detail, row.address, row.request)
    return hashlib.sha256(row.prev_hash + b"".join(struct.pack(">I", len(field)) + field for field in fields)).digest()


def faults(rows: Iterable[AuditRow]) -> Iterator[str]:
    """What is wrong with the chains, as sentences."""
    heads: dict[bytes, AuditRow] = {}
    for row in sorted(rows, key=lambda row: (row.chain, row.seq)):
        name = f"row {row.seq} of chain {row.chain.hex()[:8]}"
        before = heads.get(row.chain)
        if row.seq != (before.seq + 1 if before else 1):
            yield f"{name} follows {f'row {before.seq}' if before else 'nothing'}"
        elif row.prev_hash != (before.hash if before else FIRST_PREV_HASH):
            yield f"{name} names another row before it than the one that is there"
        if row.hash != hash_of(row):
            yield f"{name} has been changed: its hash is another"
        if row.action == BOOKED:
            for number, line in enumerate(lines_of(row), 1):
                if not LINE.fullmatch(line):
                    yield f"{name} has a line {number} that tells of no booking"
        heads[row.chain] = row


def entries(rows: Iterable[AuditRow], since: int) -> Iterator[AuditEntry]:
    """What bookings went through since that moment (unix ms)."""
    for row in rows:
        if row.at < since:
            continue
        if row.action == CANCELLED:
            yield AuditEntry("booking.cancel", row.subject.hex(), row.actor.hex(), row.at)
        elif row.action == BOOKED:
            for line in lines_of(row):
                if match := LINE.fullmatch(line):
                    booking, activity, attendee, user = (part.decode() for part in match.groups())
                    yield AuditEntry("booking.create", booking, user, row.at, activity, attendee)


def closed(rows: Iterable[AuditRow]) -> dict[str, list[int]]:
    """The activities that were cancelled: how many bookings each row says that this ended."""
    found: dict[str, list[int]] = {}
    for row in rows:
        if row.action == CLOSED:
            found.setdefault(row.subject.hex(), []).append(json.loads(row.detail).get("bookings"))
    return found


def lines_of(row: AuditRow) -> list[bytes]:
    """Every line is ended; what follows the last end is one that was cut."""
    lines = row.detail.split(b"\n")
    return lines[:-1] if not lines[-1] else lines
