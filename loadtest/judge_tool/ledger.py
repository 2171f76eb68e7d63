"""The ledger, read from MySQL as its owner, with the mariadb client."""
from __future__ import annotations

import datetime
import os
import pathlib
import subprocess
from collections.abc import Iterable

from .snapshot import Activity, AuditRow, Booking, Programme, Snapshot

TIMEOUT_S = 60


class LedgerFault(Exception):
    """MySQL gave no answer, or an error."""


class Ledger:
    def __init__(self, socket: pathlib.Path, user: str, password: str, database: str = "zhonglou"):
        self._command = ["mariadb", "--no-defaults", "--socket", str(socket), "--user", user, "--batch", "--skip-column-names",
                         database]
        self._environment = os.environ | {"MYSQL_PWD": password}

    def rows(self, statement: str) -> list[list[str | None]]:
        result = subprocess.run(self._command, input=statement, env=self._environment, capture_output=True, text=True,
                                timeout=TIMEOUT_S, check=False)
        if result.returncode != 0:
            raise LedgerFault(result.stderr.strip())
        return [[None if cell == "NULL" else cell for cell in line.split("\t")] for line in result.stdout.splitlines()]

    def programmes_of(self, activities: Iterable[str]) -> set[str]:
        return {row[0] for row in self.rows("SELECT DISTINCT LOWER(HEX(programme_id)) FROM activities "
                                            f"WHERE id IN ({id_list(activities)})")}

    def read(self, programmes: Iterable[str]) -> Snapshot:
        """Everything of these programmes that the judge asks about; one statement after the other, so nobody may write."""
        wanted = id_list(programmes)
        sessions: dict[str, list[tuple[int, int]]] = {}
        for activity, starts_at, ends_at in self.rows(
                "SELECT LOWER(HEX(s.activity_id)), s.starts_at, s.ends_at FROM sessions s JOIN activities a ON a.id = s.activity_id "
                f"WHERE a.programme_id IN ({wanted}) ORDER BY s.starts_at"):
            sessions.setdefault(activity, []).append((int(starts_at), int(ends_at)))
        return Snapshot(
            programmes={row[0]: Programme(row[0], number(row[1]), number(row[2]), row[3] == "1", *map(int, row[4:]))
                        for row in self.rows(
                "SELECT LOWER(HEX(id)), max_per_attendee, max_per_user, forbid_overlap, opens_at, closes_at, "
                f"cancel_hours FROM programmes WHERE id IN ({wanted})")},
            activities={row[0]: Activity(row[0], row[1], int(row[2]), int(row[3]), sessions.get(row[0], []),
                                         int(row[4]), int(row[5]), row[6] == "1")
                        for row in self.rows(
                "SELECT LOWER(HEX(s.activity_id)), LOWER(HEX(s.programme_id)), s.capacity, s.seats_taken, a.age_min, "
                "a.age_max, s.open "
                f"FROM activity_seats s JOIN activities a ON a.id = s.activity_id WHERE s.programme_id IN ({wanted})")},
            bookings={row[0]: booking_of(row) for row in self.rows(
                "SELECT LOWER(HEX(id)), LOWER(HEX(activity_id)), LOWER(HEX(programme_id)), LOWER(HEX(party_id)), "
                "LOWER(HEX(user_id)), active, state, created_at, cancelled_at FROM bookings "
                f"WHERE programme_id IN ({wanted})")})

    def existing(self, bookings: Iterable[str]) -> set[str]:
        """Which of these bookings there are, of whichever programme."""
        ids = list(bookings)
        if not ids:
            return set()
        return {row[0] for row in self.rows(f"SELECT LOWER(HEX(id)) FROM bookings WHERE id IN ({id_list(ids)})")}

    def births(self, attendees: Iterable[str]) -> dict[str, datetime.date]:
        """Of those that there are."""
        return {row[0]: datetime.date.fromisoformat(row[1]) for row in self.rows(
            f"SELECT LOWER(HEX(id)), birth_date FROM attendees WHERE id IN ({id_list(attendees)})")}

    def audit(self) -> list[AuditRow]:
        """All of it, whoever wrote it."""
        return [audit_row_of(row) for row in self.rows(
            "SELECT HEX(chain_id), seq, at, HEX(actor_id), HEX(actor_role), HEX(action), HEX(subject), HEX(detail), "
            "HEX(address), HEX(request_id), HEX(prev_hash), HEX(hash) FROM audit ORDER BY chain_id, seq")]


CANCELLED = "4"


def audit_row_of(row: list[str | None]) -> AuditRow:
    chain, seq, at, *others = row
    return AuditRow(bytes.fromhex(chain), int(seq), int(at), *map(bytes.fromhex, others))


def booking_of(row: list[str | None]) -> Booking:
    identifier, activity, programme, attendee, user, active, state, created_at, cancelled_at = row
    return Booking(identifier, activity, programme, attendee, user, active == "1", int(created_at), number(cancelled_at),
                   state == CANCELLED)


def number(text: str | None) -> int | None:
    return None if text is None else int(text)


def id_list(ids: Iterable[str]) -> str:
    """As a list of SQL. Ids come from the history, which anybody may have written."""
    texts = sorted(ids)
    for text in texts:
        if len(text) != 32 or not set(text) <= set("0123456789abcdef"):
            raise LedgerFault(f"not an id: {text!r}")
    return ", ".join(f"X'{text}'" for text in texts) or "NULL"
