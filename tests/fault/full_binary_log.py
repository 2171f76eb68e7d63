"""MariaDB has no room for its binary log. It then lets COMMIT wait and looks for room once a minute: a minute in which what was
committed is unknown, and in which whoever has the patience is told to come back. A part of the long form of scripts/test fault."""

import contextlib

from scarcity import SmallDisk
from scarcity_case import ScarcityCase
from scene import SETTINGS, FaultCase
from town import eventually, fresh

ROOM_MIB = 1200  # for the log of InnoDB that goes with a binary log
STATEMENT_TIMEOUT_MS = 1000
LOOKS_AGAIN_S = 60
HEALS_S = LOOKS_AGAIN_S + 40

disks = {}


def setUpModule():
    FaultCase.start_town(**SETTINGS, mysql__statement_timeout_ms=STATEMENT_TIMEOUT_MS, mysql__lock_wait_s=1)
    disks["mariadb"] = SmallDisk(FaultCase.town.stack, "mariadb", ROOM_MIB, "--binlog")


def tearDownModule():
    FaultCase.stop_town()


class FullBinaryLog(ScarcityCase):
    def test_commits_that_wait_lose_nothing(self):
        self.survives("no room for the binary log", self.full_until_it_writes(), "503")

    @contextlib.contextmanager
    def full_until_it_writes(self):
        with disks["mariadb"].full():
            yield
        eventually(self.is_written, HEALS_S, "a write")

    def is_written(self):
        return self.probe.post("/login/dev", {"openid": fresh("parent-"), "nickname": "parent"}).status == 200
