#!/usr/bin/python3 -B
"""tests/support/tcp_gate.py: what each fault does to the bytes, and that healing ends it."""
import contextlib
import pathlib
import socket
import sys
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.tcp_gate import Fault, Pace, TcpGate, is_commit  # noqa: E402 (the path comes first)

PATIENCE_S = 20
MOMENT_S = 0.1  # long enough to see that nothing comes


def statement(text):
    """A packet of the MySQL protocol."""
    body = b"\x03" + text
    return len(body).to_bytes(3, "little") + b"\0" + body


class Store:
    """Answers whatever it gets with the same in angle brackets, and remembers it."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self.got = b""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        with link, contextlib.suppress(OSError):
            while data := link.recv(65536):
                self.got += data
                link.sendall(b"<" + data + b">")

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # or who waits in accept() would let one more in
        self._listener.close()


class Gates(unittest.TestCase):
    def setUp(self):
        self.store = Store()
        self.addCleanup(self.store.close)
        self.gate = TcpGate(self.store.address, mysql=self.mysql, pace=Pace(0.2, 2, 0.02))
        self.addCleanup(self.gate.close)
        self.link = self.connect()

    mysql = False

    def connect(self):
        link = socket.create_connection(("127.0.0.1", self.gate.port), PATIENCE_S)
        self.addCleanup(link.close)
        return link

    def ask(self, text, link=None):
        link = link or self.link
        link.sendall(text)
        return self.hear(len(text) + 2, link)

    def hear(self, size, link=None):
        heard = b""
        while len(heard) < size and (data := (link or self.link).recv(size - len(heard))):
            heard += data
        return heard

    def assert_silent(self, link=None):
        link = link or self.link
        link.settimeout(MOMENT_S)
        with self.assertRaises(TimeoutError):
            link.recv(1)
        link.settimeout(PATIENCE_S)

    def assert_reset(self):
        with self.assertRaises(ConnectionResetError):
            self.link.recv(1)

    def wait_until_got(self, text):
        self.wait_until(lambda: self.store.got == text)

    def wait_until(self, condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), deadline, self.store.got)
            time.sleep(0.01)


class AnyStore(Gates):
    def test_everything_passes_an_unbroken_gate(self):
        self.assertEqual(self.ask(b"hello"), b"<hello>")
        self.assertEqual(self.ask(b"x" * 200_000)[:2], b"<x")
        self.assertEqual(sum(self.gate.hits.values()), 0)

    def test_what_silence_holds_arrives_when_it_is_healed(self):
        with self.gate.broken(Fault.SILENCE):
            self.link.sendall(b"hello")
            self.assert_silent()
            self.wait_until(lambda: self.gate.hits[Fault.SILENCE] == 1)
            self.assertEqual(self.store.got, b"")
        self.assertEqual(self.hear(7), b"<hello>")

    def test_requests_can_be_held_while_nothing_else_is(self):
        with self.gate.broken(Fault.REQUESTS_HELD):
            self.link.sendall(b"hello")
            self.assert_silent()
            self.assertEqual(self.store.got, b"")
        self.assertEqual(self.hear(7), b"<hello>")

    def test_answers_can_be_held_though_the_request_was_heard(self):
        with self.gate.broken(Fault.ANSWERS_HELD):
            self.link.sendall(b"hello")
            self.wait_until_got(b"hello")
            self.assert_silent()
        self.assertEqual(self.hear(7), b"<hello>")

    def test_a_delay_counts_in_each_direction(self):
        with self.gate.broken(Fault.DELAY):
            began = time.monotonic()
            self.assertEqual(self.ask(b"hello"), b"<hello>")
            self.assertGreaterEqual(time.monotonic() - began, 0.4)

    def test_a_trickle_lets_everything_through_in_time(self):
        with self.gate.broken(Fault.TRICKLE):
            began = time.monotonic()
            self.link.sendall(b"0123456789")
            self.wait_until_got(b"0123456789")
            self.assertGreaterEqual(time.monotonic() - began, 0.08)

    def test_half_a_reply_ends_in_a_reset(self):
        with self.gate.broken(Fault.HALF_REPLY):
            self.link.sendall(b"hello!")
            self.assertEqual(self.hear(4), b"<hel")
            self.assert_reset()
        self.assertEqual(self.ask(b"again", self.connect()), b"<again>")

    def test_half_a_reply_can_end_in_silence(self):
        with self.gate.broken(Fault.HALF_REPLY_AND_SILENCE):
            self.link.sendall(b"hello!")
            self.assertEqual(self.hear(4), b"<hel")
            self.assert_silent()
        self.assertEqual(self.hear(4), b"lo!>")

    def test_nobody_stays_or_comes_in_where_it_refuses(self):
        self.assertEqual(self.ask(b"hello"), b"<hello>")
        with self.gate.broken(Fault.REFUSED):
            self.assert_reset()
            with self.assertRaises(ConnectionResetError):
                self.connect().recv(1)
        self.assertEqual(self.ask(b"again", self.connect()), b"<again>")

    def test_a_store_that_is_away_is_a_reset(self):
        self.assertEqual(self.ask(b"hello"), b"<hello>")
        self.store.close()
        with contextlib.suppress(ConnectionResetError):
            self.assertEqual(self.connect().recv(1), b"")


class MySql(Gates):
    mysql = True

    def test_a_commit_is_recognised_alone_and_behind_others(self):
        for text in (b"COMMIT", b"commit", b"COMMIT;", b"UPDATE t SET a = 1; COMMIT"):
            self.assertTrue(is_commit(statement(text)), text)
        for text in (b"SELECT 'COMMIT' x", b"ROLLBACK", b""):
            self.assertFalse(is_commit(statement(text)), text)
        self.assertFalse(is_commit(b"\x06\0\0\0COMMIT"))  # of another kind of packet

    def test_packets_pass_whole_however_they_come(self):
        packet = statement(b"SELECT 1")
        for at in range(len(packet)):
            self.link.sendall(packet[at:at + 1])
        self.wait_until_got(packet)

    def test_a_commit_can_be_kept_from_the_store(self):
        with self.gate.broken(Fault.RESET_BEFORE_COMMIT):
            self.assertEqual(self.ask(statement(b"INSERT")), b"<" + statement(b"INSERT") + b">")
            self.link.sendall(statement(b"COMMIT"))
            self.assert_reset()
        self.assertEqual(self.store.got, statement(b"INSERT"))

    def test_a_commit_can_reach_the_store_and_its_answer_nobody(self):
        with self.gate.broken(Fault.RESET_AFTER_COMMIT):
            self.link.sendall(statement(b"COMMIT"))
            self.assert_reset()
        self.wait_until_got(statement(b"COMMIT"))
        self.assertEqual(self.gate.hits[Fault.RESET_AFTER_COMMIT], 1)

    def test_nobody_is_let_in_after_a_commit_where_the_store_is_to_be_away(self):
        with self.gate.broken(Fault.AWAY_AFTER_COMMIT):
            other = self.connect()
            self.assertEqual(self.ask(statement(b"INSERT"), other), b"<" + statement(b"INSERT") + b">")
            self.link.sendall(statement(b"COMMIT"))
            self.assert_reset()
            with self.assertRaises(ConnectionResetError):
                self.connect().recv(1)
        self.assertEqual(self.ask(b"\x01\0\0\0x", self.connect()), b"<\x01\0\0\0x>")


if __name__ == "__main__":
    unittest.main()
