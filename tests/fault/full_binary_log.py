"""MariaDB has no room for its binary log. It then lets COMMIT wait and looks for room once a minute: a minute in which what was
committed is unknown, and in which whoever has the patience is told to come back. A part of the long form of scripts/test fault.

The log has a disk of its own, or shares the one of the tables. There InnoDB has no pages either: who comes to its tables first is told
that they are full, and where InnoDB can't do without a page MariaDB ends, and an operator starts it again."""

import contextlib
import os
import re
import subprocess

from scarcity import SERVING_USER, Operator, SmallDisk
from scarcity_case import ScarcityCase
from scene import PATIENCE_S, SETTINGS
from town import eventually, fresh

ROOM_MIB = 16
ROOM_WITH_TABLES_MIB = 32  # of which a starting MariaDB takes some
STATEMENT_TIMEOUT_MS = 1000
LOOKS_AGAIN_S = 60
HEALS_S = LOOKS_AGAIN_S + 40
NO_ROOM = "Waiting for someone to free space"
IN_LINE = "Commit"  # behind the one that waits for room
NOTHING = r"\A\Z"
TORN = r"\A(ERROR: Error in Log_event::read_log_event\(\): 'Event truncated'.*\n)?\Z"

# What the audit row of a commit tells of each booking in it.
BOOKED = re.compile(r"([0-9a-f]{32})(?: [0-9a-f]{32}){3} @")


class FullBinaryLog(ScarcityCase):
    @classmethod
    def setUpClass(cls):
        cls.start_town(**SETTINGS, mysql__statement_timeout_ms=STATEMENT_TIMEOUT_MS, mysql__lock_wait_s=1)
        super().setUpClass()
        cls.disk = cls.small_disk(cls.town.stack)

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            cls.stop_town()
            cls.disk.close()

    def setUp(self):
        super().setUp()
        self.operator = Operator(self.stack)
        self.addCleanup(self.operator.close)

    def commits_that_wait_lose_nothing(self):
        self.assertEqual(self.operator.run("SELECT CONCAT_WS(' ', @@log_bin + 0, @@sync_binlog, @@binlog_format)"), ["1 1 ROW"])
        self.survives("no room for the binary log", self.full_until_it_writes(), "503", self.prove_full)
        self.assertEqual(self.logged(), {row[0] for row in self.ledger.rows("SELECT LOWER(HEX(id)) FROM bookings")})

    @contextlib.contextmanager
    def full_until_it_writes(self):
        with self.disk.kept_full():
            yield
            self.prove_full()
        self.ended = not self.disk.store_runs()
        if self.ended:
            self.disk.start_store()
        eventually(self.is_written, HEALS_S, "a write")

    def prove_full(self):
        """A test that nobody has to wait in tests nothing."""
        try:
            eventually(self.happens, PATIENCE_S, "somebody who waits for room")
        except AssertionError as error:
            free = os.statvfs(self.disk.seen_by_store).f_bfree
            log = (self.stack.folder / "mariadb.log").read_text(errors="replace").splitlines()[-20:]
            self.fail("\n".join([f"the fault did not happen: {error}; pages left: {free}; sessions:", *self.sessions(), *log]))

    def happens(self):
        return self.waits_for_room(self.sessions())

    def waits_for_room(self, sessions):
        return any(session.endswith(f": {NO_ROOM}") for session in sessions)

    def sessions(self):
        return self.operator.run("SELECT CONCAT(LEFT(info, 60), ': ', state) FROM information_schema.processlist "
                                 f"WHERE user = '{SERVING_USER}' AND info IS NOT NULL")

    def is_written(self):
        return self.probe.post("/login/dev", {"openid": fresh("parent-"), "nickname": "parent"}).status == 200

    def logged(self):
        """The bookings that the log tells of. It must be whole, though it ended in the middle of an event for a while; what a
        MariaDB leaves that ended then is no transaction, and the next one gets its number again."""
        logs = sorted(self.disk.seen_by_store.glob("binlog.[0-9]*"))
        result = subprocess.run(["mariadb-binlog", "--no-defaults", "--verify-binlog-checksum", "--skip-gtid-strict-mode",
                                 "--base64-output=decode-rows", "--verbose", *logs],
                                capture_output=True, text=True, errors="replace", check=False)
        # The status is 0 where a log that is still written can't be read any further.
        self.assertRegex(result.stderr, TORN if self.ended else NOTHING)
        self.assertEqual(result.returncode, 0)
        return set(BOOKED.findall(result.stdout))


class WithADiskOfItsOwn(FullBinaryLog):
    @staticmethod
    def small_disk(stack):
        folder = stack.folder / "binlog"
        return SmallDisk(stack, "mariadb", ROOM_MIB, "--binlog-folder", folder, folder=folder)

    def waits_for_room(self, sessions):
        """And so does the COMMIT of a batch, at the same time."""
        return super().waits_for_room(sessions) and any(session.endswith((f"COMMIT: {NO_ROOM}", f"COMMIT: {IN_LINE}"))
                                                        for session in sessions)

    def test_commits_that_wait_lose_nothing(self):
        self.commits_that_wait_lose_nothing()


class OnTheDiskOfTheTables(FullBinaryLog):
    @staticmethod
    def small_disk(stack):
        return SmallDisk(stack, "mariadb", ROOM_WITH_TABLES_MIB, "--binlog")

    def happens(self):
        return not self.disk.store_runs() or super().happens()

    def test_commits_that_wait_lose_nothing(self):
        self.commits_that_wait_lose_nothing()
