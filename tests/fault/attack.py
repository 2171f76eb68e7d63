"""What tests of hostile clients are made of: connections that misbehave, somebody who asks on meanwhile, and what the
server's process has."""

import collections
import contextlib
import http.client
import itertools
import pathlib
import socket
import threading
import time

from client import made
from town import TownCase, book, eventually

WAIT_S = 60

# By how much resident memory may grow at the peak: of each connection that is idle, of each whose answers are not read, and
# of any other attack. Answers are collected until there are 64 KiB of them, and the one that reaches that is 164 KiB.
Bounds = collections.namedtuple("Bounds", "idle_kib unread_kib growth_mib")
SANITIZED = Bounds(idle_kib=40, unread_kib=6_000, growth_mib=300)
PLAIN = Bounds(idle_kib=6, unread_kib=448, growth_mib=8)
SANITIZERS = (b"__asan_init", b"__tsan_init")  # what a program that has one always calls first


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

    def bounds(self):
        """Those that go with what it runs, whatever the build folder is called."""
        program = (self.process / "exe").read_bytes()
        return SANITIZED if any(name in program for name in SANITIZERS) else PLAIN

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
    def server_with(self, **settings):
        """A server for this test alone: what others left in its memory would hide what this one takes."""
        self.server = self.town.stack.start_server(**settings)
        self.addCleanup(self.server.stop)
        self.somebody_books()  # what is needed once is there before anything is measured
        self.host = Host(self.server)
        self.bounds = self.host.bounds()
        self.host.forget_peak()
        self.memory_before = self.host.memory_mib()
        self.descriptors_before = self.host.descriptors()
        return self.server

    def somebody_books(self):
        """A family, at the server under attack."""
        activity = self.town.activity()
        parent, child = self.town.family()
        there = parent.on(self.server.url)
        eventually(lambda: there.get(f"/activities/{activity['id']}").status == 200, WAIT_S, "the activity there")
        made(book(there, activity, child))
        for client in (parent, there):
            client.close()

    @contextlib.contextmanager
    def somebody_is_served(self, address=9):
        """During the block, and at its end a family books."""
        with Bystander(self.server, address) as bystander:
            yield
            eventually(lambda: sum(bystander.statuses.values()) >= 20, WAIT_S, "twenty answers to a bystander")
        self.assertEqual(set(bystander.statuses), {200}, bystander.statuses)
        self.somebody_books()

    def report(self, what, figure):
        print(f"hostile clients: {what}: {figure}", flush=True)

    def growth_mib(self):
        """At the worst moment since the measuring began: what is resident when the attackers have gone says little."""
        return self.host.peak_mib() - self.memory_before

    def assert_bounded(self, what, held_mib=0):
        growth, most = self.growth_mib(), self.bounds.growth_mib + held_mib
        self.report(what, f"{growth:+.1f} MiB at the peak (at most {most}), of {self.host.peak_mib():.0f}; "
                          f"{self.host.memory_mib():.0f} afterwards")
        self.assertLess(growth, most)

    def assert_each_bounded(self, what, count, most_kib):
        growth_kib = self.growth_mib() * 1024 / count
        self.report(f"{count:,} {what}", f"{growth_kib:.1f} KiB each at the peak (at most {most_kib:,})")
        self.assertLess(growth_kib, most_kib)

    def assert_all_let_go(self):
        """The server holds no more descriptors than before."""
        eventually(lambda: self.host.descriptors() <= self.descriptors_before + 3, WAIT_S, "descriptors given back")
