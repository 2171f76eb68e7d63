"""What a server asks MySQL while it starts fails, each thing in turn. The process says why and ends, for its manager to start
it again, or it becomes ready; it takes no longer than its time-outs let it, and what it then tells is true.

Which things these are, starts that go well show. ZL_LONG=1 has each fail in every way, else each does in one."""

import collections
import contextlib
import os
import queue
import socket
import time
from concurrent.futures import ThreadPoolExecutor

from client import Client, done, made
from scarcity import read_only_mariadb
from scene import HEAL_TIMEOUT_S, PATIENCE_S, RULES, SETTINGS, FaultCase, press_until_told
from statement_gate import StatementGate, Way, ways_of
from support.stack import EndedWhileStarting
from town import all_pages, book, eventually, key

LONG = bool(os.environ.get("ZL_LONG"))
AT_ONCE = 4
CAPACITY = 5000
CONNECT_TIMEOUT_S = 1
STATEMENT_TIMEOUT_S = 1
SILENCE_BORNE_S = STATEMENT_TIMEOUT_S + 5  # on a connection
# Twice, for what is lost is asked once more; the rest is for a busy machine.
LONGEST_START_S = 2 * (CONNECT_TIMEOUT_S + SILENCE_BORNE_S) + 10

GOOD_STARTS = 3
FIRST_TASKS_S = 0.3  # for what runs in the background, to ask for the first time
SESSIONS_OF_A_KIND = 2  # the first looks whether this is the database; the second is a thread's, and so are all others

Outcome = collections.namedtuple("Outcome", "word seconds")


def setUpModule():
    FaultCase.start_town(**SETTINGS, mysql__connect_timeout_ms=CONNECT_TIMEOUT_S * 1000,
                         mysql__statement_timeout_ms=STATEMENT_TIMEOUT_S * 1000, mysql__lock_wait_s=1)


def tearDownModule():
    FaultCase.stop_town()


def ends_saying(case, server, words):
    """In its last line; and it ends in order, as a sanitizer sees it."""
    case.assertEqual(server.status, 1)
    case.assertRegex(server.log(1), rf"^zhonglou: .*{words}")
    server.check_log()


class StartCase(FaultCase):
    def setUp(self):
        super().setUp()
        self.ended = [self.town.parent(), self.town.parent()]
        for parent, everywhere in zip(self.ended, ("false", "true")):
            self.assertEqual(parent.post(f"/logout?everywhere={everywhere}").status, 204)
        self.programme = self.town.programme(**RULES)
        self.activity = self.town.activity(self.programme, CAPACITY)
        self.parent, self.child = self.town.family()
        self.key = key()
        made(book(self.parent, self.activity, self.child, self.key))
        # As the next day: who follows the changes is not told again what else is read at the start.
        self.ledger.rows("DELETE FROM changes WHERE seq < (SELECT newest FROM (SELECT MAX(seq) AS newest FROM changes) AS last)")
        self.truth = self.told_by(self.stack.server)
        self.assertEqual((len(self.truth[0]), self.truth[2]), (1, [401, 401]))

    def told_by(self, server):
        """What rests on what is read at the start: the catalogue, the ids of bookings, and which tokens have ended."""
        with contextlib.ExitStack() as callers:
            def at_server(client):
                return callers.enter_context(contextlib.closing(client.on(server.url)))

            activities = all_pages(at_server(Client(server.url)), f"/activities?programme_id={self.programme['id']}")
            again = press_until_told(at_server(self.parent), self.activity, self.child, self.key, lambda: server.url).answer
            ended = [at_server(client).get("/me").status for client in self.ended]
        for activity in activities:
            del activity["server_time"], activity["remaining"]
        return activities, done(again), ended

    def is_ready(self, server):
        with contextlib.closing(Client(server.url)) as client:
            return client.get("/readyz").status == 200

    def serves(self, server):
        eventually(lambda: self.is_ready(server), HEAL_TIMEOUT_S, "/readyz 200")
        self.assertEqual(self.told_by(server), self.truth)
        parent, child = self.town.family()
        with contextlib.closing(parent):
            made(press_until_told(parent, self.activity, child, key(), lambda: server.url).answer)


class EachStatement(StartCase):
    def setUp(self):
        super().setUp()
        self.gates = queue.SimpleQueue()
        for number in range(AT_ONCE):
            gate = StatementGate(self.stack.mysql_socket, self.stack.folder / f"gate{number}.sock")
            self.addCleanup(gate.close)
            self.gates.put(gate)

    def start_through(self, gate):
        return self.stack.start_server(mysql__unix_socket=str(gate.path))

    def asked_by_starts(self):
        """By each of them: others, such as the audit's next seal, are asked by who happens to be there."""
        gate = self.gates.get()
        starts = []
        for _ in range(GOOD_STARTS):
            gate.heal()
            server = self.start_through(gate)
            eventually(lambda: self.is_ready(server), PATIENCE_S, "/readyz 200")
            time.sleep(FIRST_TASKS_S)
            starts.append(list(gate.asked))
            server.stop()
        self.gates.put(gate)
        return [item for item in starts[0] if item.time <= SESSIONS_OF_A_KIND and all(item in start for start in starts)]

    @staticmethod
    def faults(asked):
        if LONG:
            return [(item, way) for item in asked for way in ways_of(item)]
        tried = collections.Counter()
        faults = []
        for item in asked:
            way = min(ways_of(item), key=tried.__getitem__)
            tried[way] += 1
            faults.append((item, way))
        return faults

    def start_with(self, item, way):
        gate = self.gates.get()
        try:
            gate.fail(item, way)
            began = time.monotonic()
            try:
                server = self.start_through(gate)
                outcome = Outcome("ready", time.monotonic() - began)
                eventually(lambda: gate.fired, PATIENCE_S, "the fault")
                gate.heal()
            except EndedWhileStarting as ended:
                outcome = Outcome("ended", time.monotonic() - began)
                self.assertGreater(gate.fired, 0)
                self.says_why(ended.server)
                gate.heal()
                server = self.start_through(gate)
            self.assertLess(outcome.seconds, LONGEST_START_S)
            self.serves(server)
            server.stop()
            return outcome
        finally:
            gate.heal()
            self.gates.put(gate)

    def says_why(self, server):
        ends_saying(self, server, r"MySQL.+")

    def test_fails_and_the_server_ends_or_is_ready_and_tells_the_truth(self):
        asked = self.asked_by_starts()
        for words in ("FROM schema_migrations", "'booking_id_secret'", "FROM activities", "FROM ended_tokens"):
            self.assertTrue(any(words in item.text for item in asked), words)
        faults = self.faults(asked)
        self.assertEqual({way for _, way in faults}, set(Way))
        outcomes = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            starts = [pool.submit(self.start_with, *fault) for fault in faults]
            for (item, way), start in zip(faults, starts):
                with self.subTest(asked=item.text[:80], time=item.time, way=way.value):
                    outcomes.append(start.result())
        words = collections.Counter(outcome.word for outcome in outcomes)
        slowest = max(outcome.seconds for outcome in outcomes)
        print(f"{len(asked)} things asked at a start; {len(faults)} faults: {words['ended']} ended it, {words['ready']} did not, "
              f"the slowest within {slowest:.1f} s")
        self.assertGreater(min(words["ended"], words["ready"]), 0)
        self.wait_until_settled(self.programme["id"])
        self.audit_ledger()


class ReadOnly(StartCase):
    def test_a_server_that_may_not_write_is_not_ready_and_books_once_it_may(self):
        parent, child = self.town.family()
        with read_only_mariadb(self.stack):
            server = self.stack.start_server()
            self.addCleanup(server.stop)
            eventually(lambda: not self.is_ready(server), PATIENCE_S, "/readyz 503")
            parent.move(server.url)
            self.refused(book(parent, self.activity, child), 503, "unavailable")
            parent.close()
        self.serves(server)
        self.audit_ledger()


class PortInUse(FaultCase):
    def test_the_server_names_the_setting_and_ends(self):
        for section in ("http", "metrics"):
            with self.subTest(section), socket.create_server(("127.0.0.1", 0)) as taken:
                with self.assertRaises(EndedWhileStarting) as ended:
                    self.stack.start_server(**{f"{section}__port": taken.getsockname()[1]})
                ends_saying(self, ended.exception.server, rf"{section}\.port: .*{taken.getsockname()[1]}")


class DamagedActivity(StartCase):
    def test_without_a_session_it_is_shown_to_nobody_and_the_others_are_served(self):
        damaged = self.town.activity(self.programme, CAPACITY)
        self.ledger.rows(f"DELETE FROM sessions WHERE activity_id = X'{damaged['id']}'")
        server = self.stack.start_server()
        self.serves(server)
        self.assertIn(f"activity_without_sessions activity_id={damaged['id']}", server.log(1000))
