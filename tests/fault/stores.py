"""MySQL and Redis seen past the server, and the invariants as SQL."""

import contextlib
import os
import struct
import subprocess

STATEMENT_TIMEOUT_S = 60

PENDING = ("-inf", "(inf")  # scores of holds that the ledger has not answered for

# Each finds the rows that break an invariant.
INVARIANTS = {
    "sold <= capacity, and as many bookings as seats taken": """
        SELECT HEX(s.activity_id), s.capacity, s.seats_taken, COUNT(b.id)
        FROM activity_seats s LEFT JOIN bookings b ON b.activity_id = s.activity_id AND b.active = 1
        GROUP BY s.activity_id HAVING COUNT(b.id) > s.capacity OR COUNT(b.id) <> s.seats_taken""",
    "no attendee twice in an activity": """
        SELECT HEX(activity_id), HEX(party_id), COUNT(*) FROM bookings WHERE active = 1
        GROUP BY activity_id, party_id HAVING COUNT(*) > 1""",
    "a booking is active as long as it is not cancelled": """
        SELECT HEX(id), state, active FROM bookings WHERE (active IS NULL) <> (state = 4)""",
    "the cap of a child": """
        SELECT HEX(b.party_id), COUNT(*) FROM bookings b JOIN programmes p ON p.id = b.programme_id WHERE b.active = 1
        GROUP BY p.id, b.party_id HAVING COUNT(*) > MAX(p.max_per_attendee)""",
    "the cap of a family": """
        SELECT HEX(b.user_id), COUNT(*) FROM bookings b JOIN programmes p ON p.id = b.programme_id WHERE b.active = 1
        GROUP BY p.id, b.user_id HAVING COUNT(*) > MAX(p.max_per_user)""",
    "no overlaps": """
        SELECT HEX(b.party_id), HEX(b.activity_id), HEX(c.activity_id)
        FROM bookings b JOIN programmes p ON p.id = b.programme_id AND p.forbid_overlap = 1
        JOIN bookings c ON c.party_id = b.party_id AND c.programme_id = b.programme_id AND c.id > b.id AND c.active = 1
        JOIN sessions s ON s.activity_id = b.activity_id JOIN sessions t ON t.activity_id = c.activity_id
        WHERE b.active = 1 AND s.starts_at < t.ends_at AND t.starts_at < s.ends_at""",
    "a grant is committed once": """
        SELECT HEX(programme_id), grant_number, COUNT(*) FROM bookings
        GROUP BY programme_id, grant_number HAVING COUNT(*) > 1""",
    "each booking names the audit row that tells of it, which is what its message is written from": """
        SELECT HEX(b.id) FROM bookings b LEFT JOIN audit a
        ON a.chain_id = b.audit_chain AND a.seq = b.audit_seq AND a.action = 'booking.create'
        WHERE a.seq IS NULL
        OR a.detail NOT RLIKE CONCAT('(^|\\\\n)', LOWER(CONCAT_WS(' ', HEX(b.id), HEX(b.activity_id), HEX(b.party_id),
                                                                  HEX(b.user_id))), ' @')""",
    "the audit tells of no booking that is not there, and of none twice": """
        SELECT HEX(a.chain_id), a.seq, b.bookings FROM audit a LEFT JOIN
        (SELECT audit_chain, audit_seq, COUNT(*) AS bookings FROM bookings GROUP BY audit_chain, audit_seq) AS b
        ON b.audit_chain = a.chain_id AND b.audit_seq = a.seq
        WHERE a.action = 'booking.create'
        AND COALESCE(b.bookings, 0) <> LENGTH(a.detail) - LENGTH(REPLACE(a.detail, '\\n', ''))""",
    "no message without its booking": """
        SELECT HEX(o.booking_id) FROM outbox o LEFT JOIN bookings b ON b.id = o.booking_id WHERE b.id IS NULL""",
}


class Ledger:
    """MySQL as it is, past the server."""

    def __init__(self, stack):
        self._command = ["mariadb", "--no-defaults", "--socket", str(stack.mysql_socket), "--user", "zhonglou_migrate",
                         "--batch", "--skip-column-names", "zhonglou"]
        self._environment = os.environ | {"MYSQL_PWD": stack.secret("mysql_migrate_password")}

    def rows(self, statement):
        result = subprocess.run(self._command, input=statement, env=self._environment, capture_output=True, text=True,
                                timeout=STATEMENT_TIMEOUT_S, check=False)
        if result.returncode != 0:
            raise AssertionError(f"{statement}: {result.stderr}")
        return [line.split("\t") for line in result.stdout.splitlines()]

    def sold(self, programme_id):
        return self._sum("seats_taken", programme_id)

    def capacity(self, programme_id):
        return self._sum("capacity", programme_id)

    def _sum(self, column, programme_id):
        [[total]] = self.rows(
            f"SELECT COALESCE(SUM({column}), 0) FROM activity_seats WHERE programme_id = X'{programme_id}'")
        return int(total)

    def seats(self, programme_id):
        """(activity, capacity, taken) of the open activities."""
        rows = self.rows("SELECT LOWER(HEX(activity_id)), capacity, seats_taken FROM activity_seats "
                         f"WHERE programme_id = X'{programme_id}' AND open = 1 ORDER BY activity_id")
        return [(activity_id, int(capacity), int(taken)) for activity_id, capacity, taken in rows]

    def booked(self, activity_id):
        """Ids of the active bookings."""
        return {row[0] for row in self.rows(
            f"SELECT LOWER(HEX(id)) FROM bookings WHERE activity_id = X'{activity_id}' AND active = 1")}

    @contextlib.contextmanager
    def seats_locked(self, activity_id):
        """The activity's row is somebody else's: whoever commits a booking waits, and everything else goes on."""
        holder = subprocess.Popen(self._command + ["--unbuffered"], env=self._environment, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        try:
            row = f"activity_seats WHERE activity_id = X'{activity_id}'"
            holder.stdin.write(f"BEGIN; SELECT 1 FROM {row} FOR UPDATE;\n")
            holder.stdin.flush()
            if holder.stdout.readline() != "1\n":
                raise AssertionError("the row can't be locked")
            yield
        finally:
            holder.communicate()

    def faults(self):
        return [f"{name}: {' '.join(row)}" for name, statement in INVARIANTS.items() for row in self.rows(statement)]


class Gate:
    """Redis as it is, past the server."""

    def __init__(self, stack):
        self._command = ["redis-cli", "-s", str(stack.redis_socket)]

    def run(self, *words):
        result = subprocess.run(self._command + [str(word) for word in words], stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=STATEMENT_TIMEOUT_S, check=False)
        if result.returncode != 0:
            raise AssertionError(f"redis-cli {words}: {result.stdout}{result.stderr}")
        return result.stdout.strip()

    @staticmethod
    def key(programme_id, name):
        return f"zl:{{p:{programme_id}}}:{name}"

    def ask(self, *words):
        """The answer, in bytes, to a command of texts and bytes, which may be any."""
        quoted = [word if isinstance(word, str) else '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"' for word in words]
        result = subprocess.run(self._command, input=" ".join(quoted).encode() + b"\n", capture_output=True,
                                timeout=STATEMENT_TIMEOUT_S, check=False)
        if result.returncode != 0:
            raise AssertionError(f"redis-cli {words}: {result.stdout}{result.stderr}")
        return result.stdout.removesuffix(b"\n")

    def seats_key(self, programme_id, activity_id):
        return self.key(programme_id, "seats:").encode() + bytes.fromhex(activity_id)

    def used(self, programme_id, activity_id):
        """By the tally of the activity: change, used, capacity and more, each a double."""
        tally = self.ask("HGET", self.key(programme_id, "gate"), b"t" + bytes.fromhex(activity_id))
        return int(struct.unpack_from(">6d", tally)[1]) if tally else -1

    def pending(self, programme_id, activity_id):
        return int(self.ask("ZCOUNT", self.seats_key(programme_id, activity_id), *PENDING))

    def holders(self, programme_id, activity_id):
        return int(self.ask("ZCARD", self.seats_key(programme_id, activity_id)))
