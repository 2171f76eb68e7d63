"""Clients that mean harm, or behave as if they did: memory and descriptors stay bounded, and everybody else is served.

What is counted is asserted; what is measured is printed, and asserted against bounds that go by whether the server has a
sanitizer, which multiplies its memory: those of one that has none (`scripts/test fault --hostile`) say what a deployment
needs. Memory is measured on a server that is this test's alone and has served somebody before. ZL_LONG=1 is the long form:
18,000 idle connections instead of 3,000.
"""

# Alone on the machine: its figures are of memory and of time.

import collections
import contextlib
import datetime
import http.client
import itertools
import os
import resource
import socket
import struct
import threading
import time
import unittest
import urllib.parse

from attack import WAIT_S, HostileCase, connect, read_all, send_endlessly
from client import Client
from town import TownCase, eventually, instant, now

LONG = os.environ.get("ZL_LONG") == "1"
IDLE_CONNECTIONS = 18_000 if LONG else 3_000
ADDRESSES = 4  # 127.0.0.1 and on: one address has fewer ports, and fewer connections, than all of them
SLOW_MS = 2_000
BODY_LIMIT_BYTES = 65_536
HEADER_LIMIT_BYTES = 8_192
IDLE_MS = 500
MOST_TAKEN_BYTES = 1 << 24
LARGE_ACTIVITIES = 60
UNSENT_MIB = 32
ENOUGH_BYTES = 1 << 19  # is too much in every way, and less than what is read away so that an answer gets through


def setUpModule():
    # What was freed and is only kept to catch its use is not what an attack costs.
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=16"
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    TownCase.start_town(http__header_timeout_ms=SLOW_MS, http__body_timeout_ms=SLOW_MS, http__write_timeout_ms=SLOW_MS,
                         http__body_limit_bytes=BODY_LIMIT_BYTES, http__header_limit_bytes=HEADER_LIMIT_BYTES,
                         http__rate_address_burst=1_000_000)  # a huge pipeline comes from one address


def tearDownModule():
    TownCase.stop_town()


class SlowSenders(HostileCase):
    COUNT = 300

    def setUp(self):
        self.server_with()

    def trickle(self, head, piece):
        """Many who send a little now and then; all that they are told."""
        senders = [connect(self.server) for _ in range(self.COUNT)]
        for sender in senders:
            sender.sendall(head)
        alive = set(senders)
        began = time.monotonic()
        while alive and time.monotonic() - began < WAIT_S:
            for sender in list(alive):
                try:
                    sender.sendall(piece)
                except ConnectionError:
                    alive.discard(sender)
            time.sleep(SLOW_MS / 1000 / 10)
            if time.monotonic() - began > SLOW_MS / 1000 * 2:
                break
        answers = [read_all(sender) for sender in senders]
        for sender in senders:
            sender.close()
        return answers

    def test_headers_that_trickle_in_are_408_whatever_else_still_comes(self):
        with self.somebody_is_served():
            answers = self.trickle(b"GET /api/v1/time HTTP/1.1\r\nHost: town\r\nX-Slow: ", b"x")
        # A reset may overtake the answer: the client was still sending.
        self.assertLessEqual({answer[:12] for answer in answers}, {b"HTTP/1.1 408", b""})
        self.assertGreater(sum(answer.startswith(b"HTTP/1.1 408") for answer in answers), self.COUNT // 2)
        self.assert_bounded("300 headers that trickle")
        self.assert_all_let_go()

    def test_bodies_that_trickle_in_are_408_too(self):
        head = (b"POST /api/v1/login/dev HTTP/1.1\r\nHost: town\r\nContent-Type: application/json\r\n"
                b"Content-Length: 60000\r\n\r\n{")
        with self.somebody_is_served():
            answers = self.trickle(head, b" ")
        self.assertLessEqual({answer[:12] for answer in answers}, {b"HTTP/1.1 408", b""})
        self.assertGreater(sum(answer.startswith(b"HTTP/1.1 408") for answer in answers), self.COUNT // 2)
        self.assert_bounded("300 bodies that trickle")
        self.assert_all_let_go()


class Crowds(HostileCase):
    def test_thousands_of_idle_connections_cost_little_and_hold_nobody_up(self):
        self.server_with()
        idle = []
        self.addCleanup(lambda: [connection.close() for connection in idle])
        with self.somebody_is_served():
            for number in range(IDLE_CONNECTIONS):
                idle.append(connect(self.server, address=1 + number % ADDRESSES))
            for connection in idle[:: max(1, len(idle) // 50)]:  # some of them have asked before
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: town\r\n\r\n")
                self.assertTrue(connection.recv(65_536).startswith(b"HTTP/1.1 200 "))
            eventually(lambda: self.host.descriptors() >= self.descriptors_before + IDLE_CONNECTIONS, WAIT_S,
                       "all connections accepted")
            self.assert_each_bounded("idle connections", IDLE_CONNECTIONS, self.bounds.idle_kib)
        for connection in idle:
            connection.close()
        self.assert_all_let_go()

    def test_idle_connections_are_closed_when_their_time_is_over(self):
        server = self.server_with(http__idle_timeout_ms=IDLE_MS)
        began = time.monotonic()
        idle = [connect(server) for _ in range(300)]
        for connection in idle:
            self.assertEqual(read_all(connection), b"")
            self.assertGreaterEqual(time.monotonic() - began, IDLE_MS / 1000, "nobody may be idle here")
            connection.close()
        self.assert_all_let_go()

    def test_one_address_takes_no_more_than_its_connections(self):
        server = self.server_with(http__max_connections=60, http__max_connections_per_address=20)
        greedy = [connect(server, address=2) for _ in range(50)]
        refused = [connection for connection in greedy if self.is_turned_away(connection)]
        self.assertEqual(len(refused), 30)
        with self.somebody_is_served(address=3):
            pass
        others = [connect(server, address=4 + number % 2) for number in range(40)]
        self.assertEqual(sum(self.is_turned_away(connection) for connection in others), 0)
        late = connect(server, address=7)
        self.assertTrue(self.is_turned_away(late), "the sixty are there")
        for connection in (*greedy, *others, late):
            connection.close()
        self.assert_all_let_go()
        with self.somebody_is_served(address=7):
            pass

    @staticmethod
    def is_turned_away(connection):
        """Whether a 503 came at once; those who are let in are asked to show it."""
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: town\r\n\r\n")
        try:
            received = connection.recv(65_536)
        except ConnectionError:
            return True
        return not received.startswith(b"HTTP/1.1 200 ")

    def test_churn_leaves_nothing_behind(self):
        self.server_with()
        count = 20_000 if LONG else 3_000
        with self.somebody_is_served():
            for number in range(count):
                connection = connect(self.server, address=1 + number % ADDRESSES)
                if number % 100 == 0:  # these are there for certain, and so are those that came before them
                    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: town\r\n\r\n")
                    self.assertTrue(connection.recv(65_536).startswith(b"HTTP/1.1 200 "))
                if number % 3 == 1:
                    connection.sendall(b"POST /api/v1/login/dev HTTP/1.1\r\nHost: town\r\nContent-Length: 9\r\n\r\n{")
                if number % 3 == 2:  # closing is then a reset
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.sendall(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: town\r\n\r\n")
                connection.close()
        self.assert_bounded(f"{count:,} connections come and gone")
        self.assert_all_let_go()


def sessions(count):
    start = now() + datetime.timedelta(days=20)
    return [{"starts_at": instant(start + datetime.timedelta(days=day)), "venue": "手工室",
             "ends_at": instant(start + datetime.timedelta(days=day, hours=1))} for day in range(count)]


class Gluttons(HostileCase):
    def test_who_never_reads_is_dropped_and_costs_no_more_than_a_buffer(self):
        self.server_with()
        count = 50
        with self.somebody_is_served():
            greedy = [connect(self.server, receive_buffer=4096) for _ in range(count)]
            for connection in greedy:
                self.addCleanup(connection.close)
            eventually(lambda: self.host.descriptors() >= self.descriptors_before + count, WAIT_S, "all connections accepted")
            request = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: town\r\n\r\n"
            began = time.monotonic()
            for connection in greedy:
                connection.setblocking(False)
                with contextlib.suppress(ConnectionError, BlockingIOError):
                    for _ in range(20):
                        connection.send(request * 100)
            self.assert_all_let_go()
            self.assertGreaterEqual(time.monotonic() - began, SLOW_MS / 1000, "dropped before the write timed out")
            for connection in greedy:
                self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200 "), "there was nothing to read")
            self.assert_each_bounded("who ask on and on and read nothing", count, self.bounds.unread_kib)

    def test_the_largest_answers_together_cost_no_more_than_there_is_for_them(self):
        """Of two addresses that read nothing the first fills half of it, the second half of the rest; who reads gets the same page
        whole meanwhile."""
        programme = self.town.programme()
        for _ in range(LARGE_ACTIVITIES):
            self.town.activity(programme, description="长" * 4000, sessions=sessions(60))
        self.server_with(http__unsent_limit_bytes=UNSENT_MIB << 20)
        page = f"/api/v1/activities?programme_id={programme['id']}&limit=200"
        count = 2 * UNSENT_MIB
        with self.somebody_is_served():
            greedy = [connect(self.server, address, receive_buffer=4096) for address in (2, 3) for _ in range(count)]
            for connection in greedy:
                self.addCleanup(connection.close)
                connection.sendall(f"GET {page} HTTP/1.1\r\nHost: town\r\n\r\n".encode())
            eventually(lambda: self.figure("zhonglou_http_unsent_refused_total") > 0, WAIT_S, "a connection that is ended for it")
            held = self.figure("zhonglou_http_unsent_bytes")
            with contextlib.closing(connect(self.server, 4)) as reader:
                reader.sendall(f"GET {page} HTTP/1.1\r\nHost: town\r\nConnection: close\r\n\r\n".encode())
                head, _, body = read_all(reader).partition(b"\r\n\r\n")
            self.assertIn(f"Content-Length: {len(body)}".encode(), head)
            self.assertGreater(len(body), 1 << 20)
            self.assert_all_let_go()
        self.assertGreater(held, UNSENT_MIB << 19)
        self.assertLessEqual(held, UNSENT_MIB << 20)
        self.assertEqual(self.figure("zhonglou_http_unsent_bytes"), 0)
        self.assert_bounded(f"{2 * count} who ask for {len(body) / (1 << 20):.1f} MiB and read nothing", UNSENT_MIB)

    def figure(self, name):
        """At the server under attack."""
        with contextlib.closing(Client(self.server.url)) as client:
            text = client.get("/metrics").body.decode()
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(name + " "))

    def test_a_huge_pipeline_is_answered_in_order_and_to_its_end(self):
        self.server_with()
        count = 100_000 if LONG else 10_000
        connection = connect(self.server)
        sender = threading.Thread(target=connection.sendall, args=(
            b"GET /api/v1/time HTTP/1.1\r\nHost: town\r\n\r\n" * (count - 1)
            + b"GET /healthz HTTP/1.1\r\nHost: town\r\nConnection: close\r\n\r\n",))
        with self.somebody_is_served():
            sender.start()
            received = read_all(connection)
            sender.join()
        self.assertEqual(received.count(b"HTTP/1.1 200 OK\r\n"), count)
        self.assertTrue(received.endswith(b'{"status":"ok"}'))
        connection.close()
        self.assert_bounded(f"a pipeline of {count:,} requests")
        self.assert_all_let_go()

    def patient_server(self):
        """Ends nobody for being slow: what ends a bomb is its size, on a busy machine too."""
        return self.server_with(http__header_timeout_ms=600_000, http__body_timeout_ms=600_000)

    def bomb(self, server, head, piece, count, status):
        """`count` who send endlessly: none is taken more from than `MOST_TAKEN_BYTES`, and all who hear why they are cut off hear
        `status`; a reset may overtake it, but not often. Then some who stop, and listen: they all hear it."""
        farewells = collections.Counter()
        lock = threading.Lock()
        taken = []

        def throw():
            for _ in range(count // 10):
                connection = connect(server)
                sent = send_endlessly(connection, head, piece)
                farewell = read_all(connection)[:12]
                connection.close()
                with lock:
                    taken.append(sent)
                    farewells[farewell] += 1

        throwers = [threading.Thread(target=throw) for _ in range(10)]
        with self.somebody_is_served():
            for thrower in throwers:
                thrower.start()
            for thrower in throwers:
                thrower.join()
        said = b"HTTP/1.1 %d" % status
        self.assertEqual(sum(farewells.values()), count)
        self.assertLess(max(taken), MOST_TAKEN_BYTES)
        self.assertLessEqual(set(farewells), {said, b""})
        self.assertGreaterEqual(farewells[said], count // 2, farewells)
        for _ in range(3):
            listener = connect(server)
            send_endlessly(listener, head, piece, ENOUGH_BYTES)
            self.assertEqual(read_all(listener)[:12], said)
            listener.close()

    def test_header_bombs_are_431_and_read_no_further(self):
        server = self.patient_server()
        for piece in (b"x" * 65_536, b"X: y\r\n" * 10_000):
            self.bomb(server, b"GET /api/v1/time HTTP/1.1\r\nHost: town\r\nX-Bomb: ", piece, 100, 431)
        self.bomb(server, b"GET /", b"a" * 65_536, 100, 431)
        self.assert_bounded("300 header bombs")
        self.assert_all_let_go()

    def test_chunked_bodies_without_end_are_413_and_read_no_further(self):
        server = self.patient_server()
        head = (b"POST /api/v1/login/dev HTTP/1.1\r\nHost: town\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n")
        for start, piece in ((b"", b"1\r\n \r\n" * 10_000), (b"", b"ffff\r\n" + b" " * 0xFFFF + b"\r\n"), (b"1;", b"x" * 65_536),
                             (b"0\r\nX-Trailer: ", b"x" * 65_536), (b"0\r\n", b"X: y\r\n" * 10_000)):
            with self.subTest(start=start, piece=piece[:10]):
                self.bomb(server, head + start, piece, 10, 413)
        self.assert_bounded("50 bodies without end")
        self.assert_all_let_go()


class Hammering(HostileCase):
    RATE_PER_S = 20
    BURST = 40

    def hammer(self, make_client, count):
        """Four at once; how many were let through, and in what time."""
        statuses = collections.Counter()
        lock = threading.Lock()

        def swing():
            client = make_client()
            for _ in range(count // 4):
                status = client.get("/me").status
                with lock:
                    statuses[status] += 1
            client.close()

        began = time.monotonic()
        arms = [threading.Thread(target=swing) for _ in range(4)]
        for arm in arms:
            arm.start()
        for arm in arms:
            arm.join()
        self.assertEqual(set(statuses), {200, 429})
        through = count - statuses[429]
        bucket = self.BURST + self.RATE_PER_S * (time.monotonic() - began) + 1
        self.report(f"{count} requests at {self.RATE_PER_S}/s and {self.BURST} at once", f"{through} let through")
        self.assertGreaterEqual(through, min(count, self.BURST))
        self.assertLessEqual(through, bucket)
        return through

    def test_a_user_takes_no_more_than_their_bucket_from_however_many_addresses(self):
        server = self.server_with(http__rate_user_per_s=self.RATE_PER_S, http__rate_user_burst=self.BURST, http__rate_pause_ms=0)
        robot = self.town.parent()
        addresses = itertools.count(20)
        others = [self.town.parent() for _ in range(5)]
        with self.somebody_is_served():
            self.hammer(lambda: Elsewhere(server.url, f"127.0.0.{next(addresses)}", robot.token), 600)
            for parent in others:
                elsewhere = parent.on(server.url)
                self.assertEqual([elsewhere.get("/me").status for _ in range(self.BURST // 2)], [200] * (self.BURST // 2))
                elsewhere.close()

    def test_an_address_takes_no_more_than_its_bucket_with_however_many_users(self):
        server = self.server_with(http__rate_address_per_s=self.RATE_PER_S, http__rate_address_burst=self.BURST, http__rate_pause_ms=0)
        robots = itertools.cycle([self.town.parent().token for _ in range(4)])
        server_url = server.url
        neighbour = Elsewhere(server_url, "127.0.0.31", self.town.parent().token)
        self.hammer(lambda: Elsewhere(server_url, "127.0.0.30", next(robots)), 600)
        self.assertEqual([neighbour.get("/me").status for _ in range(self.BURST // 2)], [200] * (self.BURST // 2))
        neighbour.close()

    def test_a_bucket_fills_again(self):
        server = self.server_with(http__rate_user_per_s=self.RATE_PER_S, http__rate_user_burst=self.BURST, http__rate_pause_ms=0)
        robot = self.town.parent()
        self.hammer(lambda: robot.on(server.url), 200)
        again = robot.on(server.url)
        served = eventually(lambda: next((answer for answer in [again.get("/me")] if answer.status == 200), None),
                            what="being served again")
        self.assertEqual(served.json["user"], robot.me)
        again.close()


class Elsewhere(Client):
    """A client at an address of its own."""

    def __init__(self, url, own_address, token):
        super().__init__(url, token)
        where = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(where.hostname, where.port, timeout=WAIT_S,
                                                     source_address=(own_address, 0))


if __name__ == "__main__":
    unittest.main()
