"""Clients that mean harm, or behave as if they did: memory and descriptors stay bounded, and everybody else is served.

What is counted is asserted; what is measured is asserted against a generous figure and printed. ZL_LONG=1 is the long
form: 18,000 idle connections instead of 3,000.
"""

import collections
import contextlib
import http.client
import itertools
import os
import pathlib
import resource
import socket
import struct
import threading
import time
import unittest
import urllib.parse

from client import Client, made
from town import TownCase, book, eventually

LONG = os.environ.get("ZL_LONG") == "1"
IDLE_CONNECTIONS = 18_000 if LONG else 3_000
ADDRESSES = 4  # 127.0.0.1 and on: one address has fewer ports, and fewer connections, than all of them
SLOW_MS = 2_000
BODY_LIMIT_BYTES = 65_536
HEADER_LIMIT_BYTES = 8_192
WAIT_S = 60

# Growth of resident memory that the sanitised server may show at its peak; without the sanitisers it is about a tenth.
PER_IDLE_CONNECTION_KIB = 40
GROWTH_MIB = 300


def setUpModule():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    TownCase.start_town(http__header_timeout_ms=SLOW_MS, http__body_timeout_ms=SLOW_MS, http__write_timeout_ms=SLOW_MS,
                         http__body_limit_bytes=BODY_LIMIT_BYTES, http__header_limit_bytes=HEADER_LIMIT_BYTES,
                         http__rate_address_burst=1_000_000)  # a huge pipeline comes from one address


def tearDownModule():
    TownCase.stop_town()


def connect(server, address=1, receive_buffer=None):
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(WAIT_S)
    connection.bind((f"127.0.0.{address}", 0))
    connection.connect(("127.0.0.1", server.port))
    return connection


def read_all(connection):
    """Until the other end closes, whichever way."""
    received = bytearray()  # bytes are copied for every piece, so slowly in the end that the server gives up writing
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65_536):
            received += piece
    return bytes(received)


def send_endlessly(connection, head, piece, most_bytes=1 << 26):
    """Sends until the server has enough; how much it took."""
    sent = 0
    with contextlib.suppress(ConnectionError, TimeoutError):
        connection.sendall(head)
        while sent < most_bytes:
            sent += connection.send(piece)
    return sent


class Host:
    """What the server's process has."""

    def __init__(self, server):
        self.process = pathlib.Path("/proc") / str(server.pid)

    def memory_mib(self):
        return self._status_mib("VmRSS")

    def peak_mib(self):
        """The most that was resident since it was forgotten."""
        return self._status_mib("VmHWM")

    def forget_peak(self):
        """See proc(5): the peak is what is resident now."""
        (self.process / "clear_refs").write_text("5")

    def _status_mib(self, name):
        line = next(line for line in (self.process / "status").read_text().splitlines() if line.startswith(name))
        return int(line.split()[1]) / 1024

    def descriptors(self):
        return len(list((self.process / "fd").iterdir()))


class Bystander:
    """Somebody who goes on asking, on a connection of their own and on fresh ones; every answer has to be good."""

    def __init__(self, server, address=9):
        self.server = server
        self.address = address
        self.statuses = collections.Counter()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _ask(self):
        kept = None
        for number in itertools.count():
            if self._over.is_set():
                break
            try:
                if kept is None or number % 20 == 0:
                    if kept is not None:
                        kept.close()
                    kept = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=WAIT_S,
                                                      source_address=(f"127.0.0.{self.address}", 0))
                kept.request("GET", "/api/v1/time")
                answer = kept.getresponse()
                answer.read()
                self.statuses[answer.status] += 1
            except (OSError, http.client.HTTPException) as error:
                self.statuses[type(error).__name__] += 1
                kept = None
            time.sleep(0.01)
        if kept is not None:
            kept.close()


class HostileCase(TownCase):
    def setUp(self):
        self.stack = self.town.stack
        self.server = self.stack.server
        self.start(self.server)

    def start(self, server):
        self.host = Host(server)
        self.host.forget_peak()
        self.memory_before = self.host.memory_mib()
        self.descriptors_before = self.host.descriptors()

    @contextlib.contextmanager
    def somebody_is_served(self, server=None, address=9):
        """During the block, and at its end a family books."""
        server = server or self.server
        with Bystander(server, address) as bystander:
            yield
            eventually(lambda: sum(bystander.statuses.values()) >= 20, WAIT_S, "twenty answers to a bystander")
        self.assertEqual(set(bystander.statuses), {200}, bystander.statuses)
        parent, child = self.town.family()
        made(book(parent, self.town.activity(), child))
        parent.close()

    def report(self, what, figure):
        print(f"hostile clients: {what}: {figure}", flush=True)

    def assert_bounded(self, what, growth_mib=GROWTH_MIB):
        """At the worst moment since the test began: what is resident when the attackers have gone says little."""
        peak = self.host.peak_mib()
        growth = peak - self.memory_before
        self.report(what, f"{growth:+.1f} MiB at the peak, of {peak:.0f}; {self.host.memory_mib():.0f} afterwards")
        self.assertLess(growth, growth_mib)

    def assert_all_let_go(self):
        """The server holds no more descriptors than before."""
        eventually(lambda: self.host.descriptors() <= self.descriptors_before + 3, WAIT_S, "descriptors given back")

    def server_with(self, **settings):
        server = self.stack.start_server(**settings)
        self.addCleanup(server.stop)
        self.start(server)
        return server


class SlowSenders(HostileCase):
    COUNT = 300

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
            growth_kib = (self.host.peak_mib() - self.memory_before) * 1024 / IDLE_CONNECTIONS
            self.report(f"{IDLE_CONNECTIONS:,} idle connections", f"{growth_kib:.1f} KiB each")
            self.assertLess(growth_kib, PER_IDLE_CONNECTION_KIB)
        for connection in idle:
            connection.close()
        self.assert_all_let_go()

    def test_idle_connections_are_closed_when_their_time_is_over(self):
        server = self.server_with(http__idle_timeout_ms=500)
        idle = [connect(server) for _ in range(300)]
        for connection in idle:
            self.assertEqual(read_all(connection), b"")
            connection.close()
        self.assert_all_let_go()

    def test_one_address_takes_no_more_than_its_connections(self):
        server = self.server_with(http__max_connections=60, http__max_connections_per_address=20)
        greedy = [connect(server, address=2) for _ in range(50)]
        refused = [connection for connection in greedy if self.is_turned_away(connection)]
        self.assertEqual(len(refused), 30)
        with self.somebody_is_served(server, address=3):
            pass
        others = [connect(server, address=4 + number % 2) for number in range(40)]
        self.assertEqual(sum(self.is_turned_away(connection) for connection in others), 0)
        late = connect(server, address=7)
        self.assertTrue(self.is_turned_away(late), "the sixty are there")
        for connection in (*greedy, *others, late):
            connection.close()
        self.assert_all_let_go()
        with self.somebody_is_served(server, address=7):
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
        count = 20_000 if LONG else 3_000
        with self.somebody_is_served():
            for number in range(count):
                connection = connect(self.server, address=1 + number % ADDRESSES)
                if number % 3 == 1:
                    connection.sendall(b"POST /api/v1/login/dev HTTP/1.1\r\nHost: town\r\nContent-Length: 9\r\n\r\n{")
                if number % 3 == 2:  # closing is then a reset
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.sendall(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: town\r\n\r\n")
                connection.close()
        self.assert_bounded(f"{count:,} connections come and gone")
        self.assert_all_let_go()


class Gluttons(HostileCase):
    def test_who_never_reads_is_dropped_and_costs_no_more_than_a_buffer(self):
        count = 50
        with self.somebody_is_served():
            greedy = [connect(self.server, receive_buffer=4096) for _ in range(count)]
            request = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: town\r\n\r\n"
            for connection in greedy:
                connection.setblocking(False)
                with contextlib.suppress(ConnectionError, BlockingIOError):
                    for _ in range(20):
                        connection.send(request * 100)
            self.assert_all_let_go()
            self.assert_bounded(f"{count} who asked for 200 MiB each and read nothing")
            for connection in greedy:
                connection.close()

    def test_a_huge_pipeline_is_answered_in_order_and_to_its_end(self):
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

    def bomb(self, server, head, piece, count, most_taken):
        """`count` who send endlessly; none is taken more from than `most_taken` bytes, and the last words are known."""
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
        with self.somebody_is_served(server):
            for thrower in throwers:
                thrower.start()
            for thrower in throwers:
                thrower.join()
        self.assertEqual(sum(farewells.values()), count)
        self.assertLess(max(taken), most_taken)
        return farewells

    def test_header_bombs_are_431_and_read_no_further(self):
        server = self.patient_server()
        for piece in (b"x" * 65_536, b"X: y\r\n" * 10_000):
            farewells = self.bomb(server, b"GET /api/v1/time HTTP/1.1\r\nHost: town\r\nX-Bomb: ", piece, 100, 1 << 24)
            self.assertLessEqual(set(farewells), {b"HTTP/1.1 431", b""})
        farewells = self.bomb(server, b"GET /", b"a" * 65_536, 100, 1 << 24)
        self.assertLessEqual(set(farewells), {b"HTTP/1.1 431", b""})
        self.assert_bounded("300 header bombs")
        self.assert_all_let_go()

    def test_chunked_bodies_without_end_are_413_and_read_no_further(self):
        server = self.patient_server()
        head = (b"POST /api/v1/login/dev HTTP/1.1\r\nHost: town\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n")
        for start, piece in ((b"", b"1\r\n \r\n" * 10_000), (b"", b"ffff\r\n" + b" " * 0xFFFF + b"\r\n"), (b"1;", b"x" * 65_536),
                             (b"0\r\nX-Trailer: ", b"x" * 65_536), (b"0\r\n", b"X: y\r\n" * 10_000)):
            farewells = self.bomb(server, head + start, piece, 10, 1 << 24)
            self.assertLessEqual(set(farewells), {b"HTTP/1.1 413", b""}, start)
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
        self.assertLessEqual(set(statuses), {200, 401, 429})
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
        with self.somebody_is_served(server):
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
