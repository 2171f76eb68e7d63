"""Too much at once: who is refused is told so at once, and when to come back; who does comes before who comes for the first
time. And whoever asks too fast waits for it, on their own connection."""

import contextlib
import itertools
import os
import signal
import socket
import threading
import time
import unittest
import urllib.parse

from client import Client
from support.stack import stand_still
from town import TownCase, book, eventually, key, made

QUEUE = 4  # places of the one writer; the last of them is kept for those who come again
PAUSE_MS = 1_500


def setUpModule():
    TownCase.start_town()


def tearDownModule():
    TownCase.stop_town()


class Press(threading.Thread):
    """One press that may take a while."""

    def __init__(self, parent, activity, child, idempotency_key):
        super().__init__()
        self._press = (parent, activity, child, idempotency_key)
        self.answer = None
        self.start()

    def run(self):
        self.answer = book(*self._press)


class FullQueue(TownCase):
    """A writer with few places, whose database stands still for a while."""

    def setUp(self):
        self.server = self.town.stack.start_server(mysql__writers=1, mysql__writer_queue=QUEUE, mysql__item_deadline_ms=9_000)
        programme = self.town.programme()
        warm, self.activity = self.town.activity(programme), self.town.activity(programme)
        self.clients = []
        self.families = [self.family(warm) for _ in range(6)]
        self.figures = self.client(None)

    def tearDown(self):
        for client in self.clients:
            client.close()
        self.server.stop()

    def client(self, token):
        client = self.town.client(token, self.server.url)
        self.clients.append(client)
        return client

    def family(self, warm):
        """Known to the server, so that nothing but the commit needs the database."""
        parent, child = self.town.family()
        here = self.client(parent.token)
        eventually(lambda: here.get(f"/activities/{warm['id']}").status == 200)
        eventually(lambda: here.get(f"/activities/{self.activity['id']}").status == 200)
        made(book(here, warm, child))
        return here, child

    def items(self):
        line = next(line for line in self.figures.get("/metrics").body.decode().splitlines()
                    if line.startswith('zhonglou_ledger_items{writer="0"}'))
        return int(float(line.split()[1]))

    @contextlib.contextmanager
    def database_stands_still(self):
        pid = int((self.town.stack.folder / "mariadb.pid").read_text())
        stand_still(pid)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def overloaded(self, answer):
        problem = self.refused(answer, 503, "overloaded")
        self.assertIn(answer.headers["Retry-After"], ("1", "2", "3"))
        self.assertNotIn("violations", problem)
        return int(answer.headers["Retry-After"])

    def test_who_was_turned_away_comes_before_who_comes_for_the_first_time(self):
        keys = [key() for _ in self.families]
        presses = [(parent, self.activity, child, keys[number]) for number, (parent, child) in enumerate(self.families)]
        with self.database_stands_still():
            waiting = [Press(*press) for press in presses[:QUEUE - 1]]
            eventually(lambda: self.items() == QUEUE - 1, what="a queue with one place left")
            wait_s = self.overloaded(book(*presses[3]))
            self.overloaded(book(*presses[3]))
            self.overloaded(book(*presses[4]))
            time.sleep(wait_s)  # as it was told
            waiting.append(Press(*presses[3]))
            eventually(lambda: self.items() == QUEUE, what="a full queue")
            self.overloaded(book(*presses[5]))
            self.overloaded(book(*presses[4]))
        for press in waiting:
            press.join()
            made(press.answer)
        for press in presses[4:]:
            made(eventually(lambda press=press: next((a for a in [book(*press)] if a.status != 503), None), what="a seat"))
        self.assertEqual(len(self.town.roster(self.activity)), len(self.families))

    def test_what_needs_no_commit_is_served_meanwhile(self):
        with self.database_stands_still():
            waiting = [Press(parent, self.activity, child, key()) for parent, child in self.families[:QUEUE - 1]]
            eventually(lambda: self.items() == QUEUE - 1, what="a queue with one place left")
            parent, child = self.families[4]
            self.overloaded(book(parent, self.activity, child))
            self.assertEqual(parent.get(f"/activities/{self.activity['id']}").status, 200)
            self.assertEqual(parent.get("/time").status, 200)
        for press in waiting:
            press.join()
            made(press.answer)


class LateGate(TownCase):
    def pause_redis(self):
        with socket.socket(socket.AF_UNIX) as redis:
            redis.connect(os.fspath(self.town.stack.redis_socket))
            redis.sendall(b"CLIENT PAUSE 2000 ALL\r\n")
            self.assertEqual(redis.recv(64), b"+OK\r\n")

    def test_bookings_are_refused_while_redis_is_late(self):
        server = self.town.stack.start_server(redis__queue_target_ms=1, redis__command_timeout_ms=9_000)
        activity = self.town.activity(capacity=100)
        families = iter([self.town.family() for _ in range(20)])

        def press():
            parent, child = next(families)
            return Press(self.town.client(parent.token, server.url), activity, child, key())

        first = self.town.client(url=server.url)
        eventually(lambda: first.get(f"/activities/{activity['id']}").status == 200)
        # Whoever comes within the first moment is let in, and waits.
        presses = []
        self.pause_redis()
        while not any(one.answer for one in presses):
            presses.append(press())
            presses[-1].join(0.2)
        for one in presses:
            one.join()
        answers = [one.answer for one in presses]
        refused = [answer for answer in answers if answer.status != 201]
        self.assertTrue(refused)
        for answer in refused:
            self.refused(answer, 503, "overloaded")
        parent, child = next(families)
        last = self.town.client(parent.token, server.url)
        made(eventually(lambda: next((a for a in [book(last, activity, child)] if a.status == 201), None), what="a seat"))
        server.stop()


class TooFast(TownCase):
    def narrow_server(self, **settings):
        """A request a second for each user. It has answered a first one, which may take so long that a bucket fills again."""
        server = self.town.stack.start_server(http__rate_user_per_s=1, http__rate_user_burst=1, **settings)
        first = self.town.parent().on(server.url)
        self.assertEqual(first.get("/me").status, 200)
        first.close()
        return server

    def raw(self, server, parent, count):
        where = urllib.parse.urlsplit(server.url)
        connection = socket.create_connection((where.hostname, where.port), timeout=60)
        self.addCleanup(connection.close)
        request = f"GET /api/v1/me HTTP/1.1\r\nHost: town\r\nAuthorization: Bearer {parent.token}\r\n\r\n"
        connection.sendall(request.encode() * count)
        return connection

    @staticmethod
    def statuses(connection):
        """Of the answers, as they come."""
        received = b""
        while True:
            head, mark, rest = received.partition(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0)
            if mark and len(rest) >= length:
                yield int(head.split()[1])
                received = rest[length:]
                continue
            piece = connection.recv(4096)
            if not piece:
                return
            received += piece

    def test_their_connection_is_not_read_for_a_while_and_others_are(self):
        server = self.narrow_server(http__rate_pause_ms=PAUSE_MS)
        hasty, other = self.town.parent(), self.town.parent().on(server.url)
        began = time.monotonic()
        answers = self.statuses(self.raw(server, hasty, 3))
        self.assertEqual(list(itertools.islice(answers, 2)), [200, 429])
        self.assertEqual(other.get("/me").status, 200)
        self.assertEqual(next(answers), 200, "the wait was long enough for the next one")
        self.assertGreaterEqual(time.monotonic() - began, PAUSE_MS / 1000)
        other.close()
        server.stop()

    def test_a_pause_does_not_hold_up_the_end_of_the_server(self):
        server = self.narrow_server(http__rate_pause_ms=60_000, http__drain_ms=300_000)
        answers = self.statuses(self.raw(server, self.town.parent(), 2))
        self.assertEqual(list(itertools.islice(answers, 2)), [200, 429])
        server.stop()  # fails where it takes longer than a minute
        self.assertEqual(list(answers), [])

    def ask_the_time(self, server, address, timeout_s=60):
        """On a connection of its own; the connection, and the status of its answer, None where none comes in time."""
        where = urllib.parse.urlsplit(server.url)
        connection = socket.create_connection((where.hostname, where.port), timeout=timeout_s, source_address=(address, 0))
        self.addCleanup(connection.close)
        connection.sendall(b"GET /api/v1/time HTTP/1.1\r\nHost: town\r\n\r\n")
        try:
            return connection, next(self.statuses(connection))
        except TimeoutError:
            return connection, None

    def spend_the_turns(self, server, address, count):
        for _ in range(count):
            connection, status = self.ask_the_time(server, address)
            self.assertEqual(status, 200)
            connection.close()

    def test_whoever_comes_on_ever_new_connections_is_read_later_and_others_at_once(self):
        server = self.town.stack.start_server(http__max_connections_per_address=8, http__rate_address_per_s=1,
                                              http__rate_pause_ms=PAUSE_MS)
        self.spend_the_turns(server, "127.0.0.3", 1)  # the first answer may take so long that a turn comes back
        self.spend_the_turns(server, "127.0.0.2", 8)
        waits = []
        while not waits or waits[-1] < PAUSE_MS / 1000 - 0.1:
            self.assertLess(len(waits), 20, "nobody had to wait")
            began = time.monotonic()
            self.assertEqual(self.ask_the_time(server, "127.0.0.2")[1], 200)
            waits.append(time.monotonic() - began)
        began = time.monotonic()
        self.assertEqual(self.ask_the_time(server, "127.0.0.3")[1], 200)
        self.assertLess(time.monotonic() - began, PAUSE_MS / 1000)
        server.stop()

    def test_whoever_hangs_up_while_waiting_gives_the_place_back(self):
        places = 8
        server = self.town.stack.start_server(http__max_connections_per_address=places, http__rate_address_per_s=1,
                                              http__rate_pause_ms=60_000)
        self.spend_the_turns(server, "127.0.0.2", places)
        statuses = []
        for _ in range(4 * places):  # once a second one has a turn
            connection, status = self.ask_the_time(server, "127.0.0.2", timeout_s=0.3)
            statuses.append(status)
            connection.close()
        self.assertLessEqual(set(statuses), {None, 200}, "turned away for want of a place")
        self.assertGreater(statuses.count(None), places)
        server.stop()

    def test_a_server_ends_in_order_before_whoever_is_too_slow_for_that(self):
        server = self.town.stack.start_server(http__drain_ms=0, http__header_timeout_ms=600_000)
        where = urllib.parse.urlsplit(server.url)
        slow = [socket.create_connection((where.hostname, where.port)) for _ in range(8)]
        for connection in slow:
            self.addCleanup(connection.close)
            connection.sendall(b"GET /api/v1/time HTTP/1.1\r\nHost: town\r\n\r\nGET")
            self.assertEqual(next(self.statuses(connection)), 200)
        server.stop()
        self.assertIn("drain_ended_early", server.log())

    def test_a_proxys_connection_carries_others_and_is_always_read(self):
        server = self.narrow_server(http__rate_pause_ms=60_000, http__trusted_proxies="127.0.0.1")
        hasty, other = self.town.parent().on(server.url), self.town.parent().on(server.url)
        hasty.headers = other.headers = {"X-Forwarded-For": "198.51.100.7"}
        eventually(lambda: hasty.get("/me").status == 429, what="going too fast")
        other.connection, hasty.connection = hasty.connection, None
        self.assertEqual(other.get("/me").status, 200)
        other.close()
        server.stop()

    def test_a_host_has_one_bucket_however_many_addresses_and_spellings_it_has(self):
        server = self.town.stack.start_server(http__rate_address_per_s=1, http__rate_address_burst=30,
                                              http__rate_pause_ms=0, http__trusted_proxies="::ffff:127.0.0.1")
        client = Client(server.url)
        # Without an account of the platform, a login by it finds nothing, and costs 10 all the same.

        def statuses(*addresses):
            return [client.get("/login/wechat", headers={"X-Forwarded-For": address}).status for address in addresses]

        self.assertEqual(statuses(*(f"2001:db8:1:2::{number}" for number in range(1, 5))), [404, 404, 404, 429])
        self.assertEqual(statuses("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:3::1"), [429, 404])
        self.assertEqual(statuses("198.51.100.9", "::ffff:198.51.100.9", "::ffff:c633:6409", "198.51.100.9", "198.51.100.8"),
                         [404, 404, 404, 429, 404])
        client.close()
        server.stop()


if __name__ == "__main__":
    unittest.main()
