"""Disks that are full, connections and descriptors that are used up, a MySQL that is read only. While it lasts parents press, cancel
and press again; what they are told is judged, and when it is over everything works again by the same server process."""

import asyncio
import contextlib
import pathlib
import select
import shutil
import socket
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from client import done, made
from judge_tool import verdict
from judge_tool.api import Api
from judge_tool.history import Recorder, now_ms
from judge_tool.ledger import Ledger
from judge_tool.parents import Parents
from scarcity import (SmallDisk, cpu_seconds, end_connections, mariadb_without_connections, read_only_mariadb,
                      redis_without_connections, without_descriptors)
from scene import HOLD_TTL_MS, PATIENCE_S, SETTINGS, FaultCase
from town import book, eventually, fresh

FAMILIES = 16
CALM_S = 0.5
LASTS_S = 2
HEAL_MS = HOLD_TTL_MS + 6_000
STATEMENT_TIMEOUT_MS = 1000
SPARE_MIB = 32  # of which a starting MariaDB takes some
BUSY_FOR_S = 2
BUSY_SHARE = 0.5  # of a core, by a sanitised server that has nothing to do but to be refused

disks = {}


def setUpModule():
    FaultCase.start_town(**SETTINGS, mysql__statement_timeout_ms=STATEMENT_TIMEOUT_MS, mysql__lock_wait_s=1)
    stack = FaultCase.town.stack
    for store in ("redis", "mariadb"):
        disks[store] = SmallDisk(stack, store, SPARE_MIB)


def tearDownModule():
    FaultCase.stop_town()


class ScarcityCase(FaultCase):
    def setUp(self):
        super().setUp()
        self.pid = self.stack.server.pid
        self.probe = self.town.client()
        eventually(lambda: self.probe.get("/readyz").status == 200, what="/readyz 200")
        self.wait_until_everybody_is_served()

    def readiness(self):
        return self.probe.get("/readyz").status

    def survives(self, what, fault, told, during=None):
        """Parents press in calm, during the fault and afterwards. Some were told `told` during it, and a judge finds nothing
        wrong. `during` is called while it lasts."""
        programme = self.town.programme(max_per_attendee=2, max_per_user=3, forbid_overlap=True, cancel_hours=24)
        activities = [self.town.activity(programme, capacity, starts_in=24 * 20 + hour)["id"] for capacity, hour in ((6, 0), (9, 4))]
        folder = pathlib.Path(tempfile.mkdtemp(prefix="zl-"))
        self.addCleanup(shutil.rmtree, folder)
        recorder = Recorder(folder / "history.jsonl", hold_ttl_ms=HOLD_TTL_MS)
        try:
            self.press(activities, recorder, what, fault, during)
        finally:
            recorder.close()
        found = self.judged(recorder.path)
        self.assertEqual(found.violations, [], found.text())
        self.assertFalse(found.tested_nothing, found.text())
        self.assertIn(told, found.counts["answers"], found.text())
        self.wait_until_everybody_is_served()
        self.assertTrue(self.stack.server.running())
        self.assertEqual(self.stack.server.pid, self.pid)
        return found

    def press(self, activities, recorder, what, fault, during):
        parents = Parents(fresh("scarcity-"), FAMILIES, activities, lambda: [self.town.url], recorder)
        logged_in, healed = threading.Event(), threading.Event()

        async def live():
            try:
                await parents.log_in()
            finally:
                logged_in.set()
            await parents.press(CALM_S * 2 + LASTS_S, healed)

        with ThreadPoolExecutor(1) as pool:
            pressing = pool.submit(asyncio.run, live())
            try:
                logged_in.wait()
                time.sleep(CALM_S)
                at = now_ms()
                with fault:
                    ends = time.monotonic() + LASTS_S
                    if during:
                        during()
                    time.sleep(max(0.0, ends - time.monotonic()))
                recorder.fault(what, at, now_ms())
                eventually(lambda: self.readiness() == 200, what="/readyz 200")
            finally:
                healed.set()
            pressing.result()

    def judged(self, history):
        admin = Api(self.town.url)
        admin.log_in_admin(self.stack.admin_username, self.stack.admin_password)
        self.addCleanup(admin.close)
        ledger = Ledger(self.stack.mysql_socket, "zhonglou_migrate", self.stack.secret("mysql_migrate_password"))
        return verdict.judge(verdict.Places(ledger, self.stack.redis_socket, [self.town.url], admin), [history], HEAL_MS, 100)


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
        """A server of their own: UBSan looks at an object's type through a pipe, and takes it for a wrong one where there is none."""
        stack = cls.town.stack
        suppressions = stack.folder / "suppressions"
        suppressions.write_text("vptr:*\n")
        cls.others = stack.server
        stack.server = stack.start_server({"UBSAN_OPTIONS": f"suppressions={suppressions}"})
        cls.town.move(stack.server.url)

    @classmethod
    def tearDownClass(cls):
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
