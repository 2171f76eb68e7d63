"""What the stores and the audit say after a run, as plain values: readers fill it, checks read it."""
import dataclasses
import datetime
import math


@dataclasses.dataclass
class Programme:
    id: str
    max_per_attendee: int | None = None
    max_per_user: int | None = None
    forbid_overlap: bool = False
    opens_at: int = 0
    closes_at: float = math.inf
    cancel_hours: int = 0


@dataclasses.dataclass
class Activity:
    id: str
    programme: str
    capacity: int
    seats_taken: int
    sessions: list[tuple[int, int]]  # half-open, unix ms
    age_min: int = 0
    age_max: int = 150
    open: bool = True


@dataclasses.dataclass
class Booking:
    id: str
    activity: str
    programme: str
    attendee: str
    user: str
    active: bool
    created_at: int  # when the gate decided
    cancelled_at: int | None = None
    cancelled: bool = False  # by its state, which says the same as `active` where all is well


@dataclasses.dataclass
class GateCount:
    """One activity's seats in Redis."""

    used: int
    capacity: int
    holders: dict[str, bool]  # booking: True once committed


@dataclasses.dataclass
class AuditEntry:
    action: str
    subject: str
    actor: str | None
    at: int
    activity: str | None = None
    attendee: str | None = None


@dataclasses.dataclass
class AuditRow:
    """A row of the audit table, in bytes, as its hash is made of them."""

    chain: bytes
    seq: int
    at: int
    actor: bytes
    role: bytes
    action: bytes
    subject: bytes
    detail: bytes
    address: bytes
    request: bytes
    prev_hash: bytes
    hash: bytes


@dataclasses.dataclass
class Snapshot:
    programmes: dict[str, Programme]
    activities: dict[str, Activity]
    bookings: dict[str, Booking]
    gate: dict[str, GateCount] = dataclasses.field(default_factory=dict)  # activities that the gate doesn't know are missing
    audit: list[AuditEntry] = dataclasses.field(default_factory=list)  # by the table
    audit_told: list[AuditEntry] = dataclasses.field(default_factory=list)  # by the API
    # By activity that its station cancelled: how many bookings each of the audit's rows says that this ended.
    audit_closed: dict[str, list[int]] = dataclasses.field(default_factory=dict)
    audit_rows: list[AuditRow] = dataclasses.field(default_factory=list)  # of everything that was ever done
    births: dict[str, datetime.date] = dataclasses.field(default_factory=dict)  # of the attendees that there are

    def first_start(self, activity: str) -> float:
        return min((start for start, _ in self.activities[activity].sessions), default=math.inf)

    def booking_ends_at(self, activity: str) -> float:
        return min(self.programmes[self.activities[activity].programme].closes_at, self.first_start(activity))

    def overlapping(self, one: str, other: str) -> bool:
        """Whether two activities meet at the same time."""
        return any(start < other_end and other_start < end
                   for start, end in self.activities[one].sessions
                   for other_start, other_end in self.activities[other].sessions)
