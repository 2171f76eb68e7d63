"""Disks that are full, connections and descriptors that are used up, a MySQL that is read only."""

# Alone on the machine: it measures what an idle server takes.

import contextlib
import select
import socket
import time

from client import done, made
from scarcity import (SmallDisk, cpu_seconds, end_connections, mariadb_without_connections, read_only_mariadb,
                      redis_without_connections, without_descriptors)
from scarcity_case import ScarcityCase
from scene import PATIENCE_S, SETTINGS, FaultCase
from town import book, eventually

STATEMENT_TIMEOUT_MS = 1000
SPARE_MIB = 32  # of which a starting MariaDB takes some
BUSY_FOR_S = 2
BUSY_SHARE = 0.25  # of a core, by a sanitised server that has nothing to do but to be refused

disks = {}


def setUpModule():
    FaultCase.start_town(**SETTINGS, mysql__statement_timeout_ms=STATEMENT_TIMEOUT_MS, mysql__lock_wait_s=1)
    stack = FaultCase.town.stack
    for store in ("redis", "mariadb"):
        disks[store] = SmallDisk(stack, store, SPARE_MIB)


def tearDownModule():
    FaultCase.stop_town()
    for disk in disks.values():
        disk.close()


class FullDisks(ScarcityCase):
    def test_redis_has_no_room_for_its_log(self):
        self.survives("no room for Redis", disks["redis"].full(), "503 unavailable")

    def test_mariadb_has_no_room_for_its_tables(self):
        self.survives("no room for MariaDB", disks["mariadb"].full(), "503 unavailable")


class NoConnections(ScarcityCase):
    def test_mariadb_has_too_many(self):
        self.survives("no connection to MariaDB", mariadb_without_connections(self.stack), "503 unavailable")

    def test_redis_has_too_many(self):
        self.survives("no connection to Redis", redis_without_connections(self.stack), "503 unavailable")


class ReadOnly(ScarcityCase):
    def test_mariadb_takes_no_writes_and_readyz_says_so(self):
        self.survives("MariaDB is read only", read_only_mariadb(self.stack), "503 unavailable",
                      lambda: eventually(lambda: self.readiness() == 503, what="/readyz 503"))


class NoDescriptors(ScarcityCase):
    NEWCOMERS = 5

    @classmethod
    def setUpClass(cls):
        """A server of their own: UBSan looks at an object's type through a pipe, and calls it wrong where there is none."""
        super().setUpClass()
        stack = cls.town.stack
        suppressions = stack.folder / "suppressions"
        suppressions.write_text("vptr:*\n")
        cls.others = stack.server
        stack.server = stack.start_server({"UBSAN_OPTIONS": f"suppressions={suppressions}"})
        cls.town.move(stack.server.url)

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            cls.town.stack.server.stop()
            cls.town.stack.server = cls.others
            cls.town.move(cls.others.url)

    def test_who_is_connected_is_served_and_who_comes_is_when_there_are_some(self):
        activity = self.town.activity()
        first, first_child = self.town.family()
        made(book(first, activity, first_child))  # the programme's writer has its connection
        parent, child = self.town.family()
        with contextlib.ExitStack() as newcomers:
            with without_descriptors(self.pid):
                waiting = [self.newcomer(newcomers) for _ in range(self.NEWCOMERS)]
                made(book(parent, activity, child))
                before = cpu_seconds(self.pid)
                time.sleep(BUSY_FOR_S)
                self.assertLess(cpu_seconds(self.pid) - before, BUSY_FOR_S * BUSY_SHARE, "it tries all the time")
                self.assertEqual(select.select(waiting, [], [], 0)[0], [], "there was a descriptor")
                self.assertEqual(done(parent.get("/me"))["user"], parent.me)
            for connection in waiting:
                self.assertTrue(connection.recv(1024).startswith(b"HTTP/1.1 200 "))
        self.assertIn("accept_failed", self.stack.server.log())

    def newcomer(self, newcomers):
        connection = newcomers.enter_context(socket.create_connection(("127.0.0.1", self.stack.server.port), PATIENCE_S))
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: town\r\n\r\n")
        return connection

    def test_the_stores_are_found_again(self):
        self.survives("no descriptors", self.cut_off(), "503 unavailable")

    @contextlib.contextmanager
    def cut_off(self):
        """The connections to the stores end, and there are none to be had."""
        with without_descriptors(self.pid):
            end_connections(self.stack)
            yield
