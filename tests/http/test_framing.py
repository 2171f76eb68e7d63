"""Bytes as no well-behaved client sends them are refused, and change nothing."""

import http.client
import socket
import unittest

from client import CONTRACT, Answer, Client
from town import TownCase, Unchanged

BODY_LIMIT_BYTES = 65_536
HEADER_LIMIT_BYTES = 8_192
SLOW_SENDER_MS = 1_000
SOCKET_TIMEOUT_S = 30


def setUpModule():
    TownCase.start_town(http__body_limit_bytes=BODY_LIMIT_BYTES, http__header_limit_bytes=HEADER_LIMIT_BYTES)


def tearDownModule():
    TownCase.stop_town()


class RawCase(Unchanged):
    """Bytes as no well-behaved client sends them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.town.stack.server

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=SOCKET_TIMEOUT_S)
        self.addCleanup(connection.close)
        return connection

    def exchange(self, data, contract_of=("POST", "/api/v1/admin/stations"), connection=None):
        """Sends bytes, reads one answer and holds it against the contract."""
        connection = connection or self.connect()
        connection.sendall(data)
        return self.receive(connection, contract_of)

    def receive(self, connection, contract_of):
        response = http.client.HTTPResponse(connection, method=contract_of[0])
        response.begin()
        answer = Answer(response)
        self.assertEqual(CONTRACT.faults(*contract_of, answer), [], str(answer))
        return answer

    def request(self, *headers, method="POST", path="/api/v1/admin/stations", body=b'{"name": "x"}'):
        lines = [f"{method} {path} HTTP/1.1", "Host: town", f"Authorization: Bearer {self.town.admin.token}",
                 "Content-Type: application/json", *headers, "", ""]
        return "\r\n".join(lines).encode("latin-1") + body

    def assert_closed(self, connection):
        """Nothing more comes, whatever else was sent."""
        rest = b""
        try:
            while piece := connection.recv(65_536):
                rest += piece
        except ConnectionResetError:
            pass
        self.assertEqual(rest, b"")


class Framing(RawCase):
    def refused_and_closed(self, data, status=400, code="invalid_request"):
        connection = self.connect()
        self.refused(self.exchange(data, connection=connection), status, code)
        self.assert_closed(connection)

    def test_smuggled_headers_are_400_and_close_the_connection(self):
        chunked = b"d\r\n" + b'{"name": "x"}' + b"\r\n0\r\n\r\n"
        hidden = b"GET /api/v1/time HTTP/1.1\r\nHost: town\r\n\r\n"
        framings = (
            (("Content-Length: 13", "Transfer-Encoding: chunked"), chunked),
            (("Transfer-Encoding: chunked", "Content-Length: 13"), chunked),
            (("Transfer-Encoding: chunked", "Content-Length: 0"), chunked + hidden),
            (("Transfer-Encoding: gzip", "Content-Length: 13"), b'{"name": "x"}'),
            (("Transfer-Encoding: xchunked", "Content-Length: 13"), b'{"name": "x"}'),
            (("Transfer-Encoding: gzip",), b'{"name": "x"}'),
            (("Transfer-Encoding: identity", "Content-Length: 13"), b'{"name": "x"}'),
            (("Transfer-Encoding: chunked, gzip",), chunked),
            (("Transfer-Encoding: gzip, chunked",), chunked),
            (("Transfer-Encoding: chunked", "Transfer-Encoding: gzip"), chunked),
            (("Transfer-Encoding: ",), b'{"name": "x"}'),
            (("Content-Length: 13", "Content-Length: 12"), b'{"name": "x"}'),
            (("Content-Length: 13", "Content-Length: 13"), b'{"name": "x"}'),
            (("Content-Length: 13, 13",), b'{"name": "x"}'),
            (("Content-Length: +13",), b'{"name": "x"}'),
            (("Content-Length: -1",), b'{"name": "x"}'),
            (("Content-Length: 0xd",), b'{"name": "x"}'),
            (("Content-Length: ",), b'{"name": "x"}'),
            (("Content-Length : 13",), b'{"name": "x"}'),
        )
        for headers, body in framings:
            with self.subTest(headers=headers):
                self.refused_and_closed(self.request(*headers, body=body))

    def test_what_is_not_http_is_400_and_closes_the_connection(self):
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET\r\n\r\n", b"hello\r\n\r\n",
                     b"GET /api/v1/time HTTP/9.9\r\nHost: town\r\n\r\n", b"GET /api/v1/time HTTP/1.1\nHost: town\n\n",
                     b"GET /api/v1/time HTTP/1.1\r\nHo st: town\r\n\r\n",
                     b"GET /api/v1/time HTTP/1.1\r\nHost: to\x00wn\r\n\r\n"):
            with self.subTest(data=data):
                self.refused_and_closed(data)

    def test_a_broken_chunk_is_400_and_closes_the_connection(self):
        for body in (b"zz\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n"):
            with self.subTest(body=body):
                self.refused_and_closed(self.request("Transfer-Encoding: chunked", body=body))

    def test_chunks_may_come_in_pieces_of_any_size(self):
        for body in (b"2\r\n[]\r\n0\r\n\r\n", b"0\r\n\r\n"):
            for size in range(1, len(body)):
                with self.subTest(body=body, size=size):
                    connection = self.connect()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    connection.sendall(self.request("Transfer-Encoding: chunked", body=body[:size]))
                    for byte in body[size:]:
                        self.read_by_the_server()
                        connection.sendall(bytes([byte]))
                    self.refused(self.receive(connection, ("POST", "/api/v1/admin/stations")), 400, "invalid_request")

    def test_extensions_and_trailers_of_chunks_end_within_the_headers_limit(self):
        for part in (b"1;extension=", b"0\r\nX-Trailer: ", b"2\r\n[]\r\n0\r\nX-Trailer: "):
            for size in (HEADER_LIMIT_BYTES // 2, HEADER_LIMIT_BYTES * 4):
                with self.subTest(part=part, size=size):
                    connection = self.connect()
                    connection.sendall(self.request("Transfer-Encoding: chunked", body=part + b"x" * size))
                    if size > HEADER_LIMIT_BYTES:
                        self.refused(self.receive(connection, ("POST", "/api/v1/admin/stations")), 413, "too_large")
                        self.assert_closed(connection)
                    elif part.startswith(b"0"):
                        connection.sendall(b"\r\n\r\n")
                        self.invalid(self.receive(connection, ("POST", "/api/v1/admin/stations")))

    def read_by_the_server(self):
        """Returns when what was sent before on other connections has most probably been read."""
        client = Client(self.town.url)
        self.assertEqual(client.get("/time").status, 200)
        client.close()

    def test_a_missing_length_is_411(self):
        self.refused(self.exchange(self.request(body=b"")), 411, "length_required")

    def test_a_long_body_is_413_before_it_is_read(self):
        for length in (BODY_LIMIT_BYTES + 1, 10**12):
            with self.subTest(length=length):
                self.refused_and_closed(self.request(f"Content-Length: {length}", body=b""), 413, "too_large")
        announced = f"{BODY_LIMIT_BYTES + 1:x}\r\n".encode()
        self.refused_and_closed(self.request("Transfer-Encoding: chunked", body=announced), 413, "too_large")

    def test_a_long_header_is_431(self):
        for headers in (("X-Long: " + "x" * HEADER_LIMIT_BYTES,), ["X-Many: 1"] * (HEADER_LIMIT_BYTES // 11 + 1)):
            with self.subTest(count=len(headers)):
                self.refused_and_closed(self.request(*headers, "Content-Length: 0", body=b""), 431, "header_too_large")
        target = "/api/v1/time?" + "x" * HEADER_LIMIT_BYTES
        self.refused_and_closed(self.request(method="GET", path=target, body=b""), 431, "header_too_large")

    def test_a_body_where_none_is_taken_is_400(self):
        path = f"/api/v1/admin/activities/{self.activity['id']}/publish"
        answer = self.exchange(self.request("Content-Length: 13", path=path), ("POST", path))
        self.refused(answer, 400, "invalid_request")
        answer = self.exchange(self.request("Content-Length: 13", method="GET", path="/api/v1/time"),
                               ("GET", "/api/v1/time"))
        self.refused(answer, 400, "invalid_request")

    def test_an_action_needs_neither_body_nor_length(self):
        path = f"/api/v1/admin/activities/{self.activity['id']}/publish"
        self.assertEqual(self.exchange(self.request(path=path, body=b""), ("POST", path)).status, 200)

    def test_a_connection_outlives_a_refusal_and_a_well_framed_request(self):
        connection = self.connect()
        chunked = self.request("Transfer-Encoding: chunked", body=b'5\r\n{"nam\r\n6\r\ne": 7}\r\n0\r\n\r\n')
        for data in (self.request("Content-Length: 2", body=b"[]"), chunked):
            self.refused(self.exchange(data, connection=connection), 400, "invalid_request")
        answer = self.exchange(b"GET /api/v1/time HTTP/1.1\r\nHost: town\r\n\r\n", ("GET", "/api/v1/time"), connection)
        self.assertEqual(answer.status, 200)

    def test_pipelined_requests_are_answered_in_order(self):
        connection = self.connect()
        first = b"GET /api/v1/time HTTP/1.1\r\nHost: town\r\n\r\n"
        second = b"GET /api/v1/nothing HTTP/1.1\r\nHost: town\r\n\r\n"
        connection.sendall(first + second + first)
        reader = PipelinedReader(connection)
        self.assertEqual([reader.next_status() for _ in range(3)], [200, 404, 200])

    def test_clients_whose_bytes_come_in_turns_get_each_their_own_answer(self):
        requests = [self.request(method="GET", path=f"/api/v1/activities?of_client_{i}=1", body=b"") for i in range(3)]
        connections = [self.connect() for _ in requests]

        def answered():
            for i, connection in enumerate(connections):
                answer = self.receive(connection, ("GET", "/api/v1/activities"))
                self.assertEqual((answer.status, f"of_client_{i}" in str(answer)), (400, True), str(answer))

        for cut in range(1, len(requests[0]), 5):
            for connection, request in zip(connections, requests):
                connection.sendall(request + request[:cut])  # a whole one, and some of the next
            answered()
            for connection, request in zip(connections, requests):
                connection.sendall(request[cut:])
            answered()


class PipelinedReader:
    """Reads answers with Content-Length from one connection."""

    def __init__(self, connection):
        self.stream = connection.makefile("rb")

    def next_status(self):
        status = int(self.stream.readline().split()[1])
        length = 0
        while (line := self.stream.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        self.stream.read(length)
        return status


class SecondServer(TownCase):
    def test_a_second_server_on_the_port_does_not_start_and_the_first_goes_on(self):
        with self.assertRaisesRegex(AssertionError, "ended while starting"):
            self.town.stack.start_server(http__port=self.town.stack.server.port)
        self.assertEqual(self.town.client().get("/time").status, 200)


class SlowSenders(RawCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.town.stack.start_server(http__header_timeout_ms=SLOW_SENDER_MS, http__body_timeout_ms=SLOW_SENDER_MS)

    def test_a_header_that_does_not_end_is_408(self):
        connection = self.connect()
        answer = self.exchange(b"GET /api/v1/time HTTP/1.1\r\nHost: to", ("GET", "/api/v1/time"), connection)
        self.refused(answer, 408, "request_timeout")
        self.assert_closed(connection)

    def test_a_body_that_does_not_come_is_408(self):
        connection = self.connect()
        self.refused(self.exchange(self.request("Content-Length: 100", body=b'{"name"'), connection=connection), 408,
                     "request_timeout")
        self.assert_closed(connection)

    def test_slow_senders_hold_nobody_else_up(self):
        slow = [self.connect() for _ in range(20)]
        for connection in slow:
            connection.sendall(self.request("Content-Length: 100", body=b"{"))
        self.assertEqual(self.town.client(url=self.server.url).get("/time").status, 200)
        for connection in slow:
            self.refused(self.receive(connection, ("POST", "/api/v1/admin/stations")), 408, "request_timeout")


if __name__ == "__main__":
    unittest.main()
