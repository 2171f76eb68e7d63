"""Texts that mean to be more than text: for the database, the log, a terminal, a spreadsheet, a proxy. And what every
answer carries to keep a browser from mistaking it (OWASP API4, API8, injection)."""

import json
import re
import socket
import unittest
import urllib.parse

from client import CONTRACT, Client, done, made
from test_framing import SOCKET_TIMEOUT_S, RawCase
from town import PASSWORD, TownCase, Unchanged, all_pages, eventually, fresh, in_hours
from wechat_town import WechatTownCase

BODY_LIMIT_BYTES = 65_536
HEADER_LIMIT_BYTES = 8_192
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d (debug|info|warning|error|critical) [a-z_]+"
                      r"( [a-z_]+=(\"([^\"\\]|\\.)*\"|[A-Za-z0-9._:/+@,-]+))*")


def setUpModule():
    WechatTownCase.start_town(log__level="debug", http__body_limit_bytes=BODY_LIMIT_BYTES,
                        http__header_limit_bytes=HEADER_LIMIT_BYTES, http__max_connections_per_address=500)


def tearDownModule():
    WechatTownCase.stop_town()


SQL = ("' OR '1'='1", "'; DROP TABLE users; -- x", "x' UNION SELECT 1,2,3 -- x", "\\' OR 1=1 -- x", "\\", "\\\\'", "%", "_",
       "' AND SLEEP(5) -- x", "1; SELECT pg_sleep(5)", "${jndi:ldap://x}", "{{7*7}}", "%s%n%x", "`id`", "$(id)", "' \\\"",
       "\u02bc OR \u02bc1\u02bc=\u02bc1", "\uff07 OR 1=1", "/*!50000 OR 1*/", "0x27", "NULL", "😀'", "a'b\"c;d--e#f")
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://evil.example\")", "=cmd|'/c calc'!A1")


class TextStaysText(TownCase):
    """What is stored comes back letter by letter, and nothing else has changed."""

    def check(self, send, field):
        for text in (*SQL, *FORMULAS):
            with self.subTest(field=field, text=text):
                self.assertEqual(send(text), text)

    def test_in_every_field_that_is_kept(self):
        town = self.town
        programme = town.programme()

        def station(**fields):
            return made(town.admin.post("/admin/stations", {"name": fresh("站"), **fields}))

        def activity(**fields):
            return town.draft(programme, **fields)

        def venue(text):
            sessions = [{"starts_at": in_hours(48), "ends_at": in_hours(49), "venue": text}]
            return activity(sessions=sessions)["sessions"][0]["venue"]

        def nickname(text):
            login = done(town.client().post("/login/dev", {"openid": fresh("sql-"), "nickname": text}))
            return login["user"]["nickname"]

        def child(**fields):
            body = {"name": fresh("童"), "birth_date": "2016-05-05", "relation": "parent", **fields}
            parent = town.parent()
            made(parent.post("/me/attendees", body))
            return done(parent.get("/me"))["attendees"][0]

        def reason(text):
            draft = activity()
            return done(town.admin.post(f"/admin/activities/{draft['id']}/cancel", {"reason": text})) and text

        def title(text):
            body = {"station_id": town.station["id"], "title": text, "opens_at": in_hours(1), "closes_at": in_hours(2)}
            return made(town.admin.post("/admin/programmes", body))["title"]

        self.check(lambda text: station(name=text)["name"], "station.name")
        self.check(lambda text: station(area=text)["area"], "station.area")
        self.check(title, "programme.title")
        self.check(lambda text: activity(title=text)["title"], "activity.title")
        self.check(lambda text: activity(description=text)["description"], "activity.description")
        self.check(venue, "session.venue")
        self.check(nickname, "user.nickname")
        self.check(lambda text: child(name=text)["name"], "attendee.name")
        self.check(lambda text: child(notes=text)["notes"], "attendee.notes")
        self.check(reason, "cancel.reason")
        names = {station["name"] for station in all_pages(town.admin, "/admin/stations")}
        self.assertLessEqual(set(SQL), names)
        self.assertTrue(all_pages(town.admin, "/admin/audit"))

    def test_in_a_patch(self):
        parent, child = self.town.family()
        for text in SQL:
            changed = done(parent.patch(f"/me/attendees/{child['id']}", {"name": text, "notes": text}, "*"))
            self.assertEqual((changed["name"], changed["notes"]), (text, text))
        self.assertEqual(done(parent.get("/me"))["attendees"][0]["name"], SQL[-1])

    def test_passwords_and_names_of_a_login(self):
        client = self.town.client()
        for text in SQL:
            with self.subTest(text=text):
                answer = client.post("/admin/login", {"username": "admin", "password": (text + "x" * 10)[:120]})
                self.assertIn(answer.status, (401, 429), str(answer))
                if not re.fullmatch("[a-z0-9._-]{3,32}", text):
                    self.invalid(client.post("/admin/login", {"username": text, "password": PASSWORD}), "/username")

    def test_a_password_with_quotes_is_a_password(self):
        username, password = fresh("quoted-"), "' OR '1'='1' -- \\\" 😀"
        made(self.town.admin.post("/admin/users", {"username": username, "password": password, "role": "auditor"}))
        self.town.admin_login(username, password)


class QueriesStayQueries(Unchanged):
    def test_every_parameter_of_every_list(self):
        tried = 0
        for operation in CONTRACT.operations:
            if operation.method != "GET" or not operation.description.get("parameters"):
                continue
            client = self.town.admin if operation.roles else self.parent
            path = operation.path(id=self.activity["id"], code="closed")
            everything = client.get(path)
            for entry in map(CONTRACT.resolve, operation.description["parameters"]):
                if entry["in"] != "query":
                    continue
                for text in SQL:
                    with self.subTest(operation=str(operation), parameter=entry["name"], text=text):
                        answer = client.get(f"{path}?{entry['name']}={urllib.parse.quote(text)}")
                        tried += 1
                        if operation.name == "loginWechatReturn" and answer.status == 302:
                            self.assertRegex(answer.headers["Location"], "^/api/v1/login/wechat/ended[?]why=foreign&")
                            continue
                        # Who says by a parameter who they are is told no as anybody else.
                        refusals = (400,) if operation.needs_login else (400, 403)
                        self.assertIn(answer.status, (200, *refusals), str(answer))
                        if answer.status == 200:
                            self.assertLess(len(answer.json["items"]), max(1, len(everything.json["items"])))
        self.assertGreater(tried, 400)

    def test_ids_in_paths_keys_and_versions(self):
        for text in SQL:
            quoted = urllib.parse.quote(text, safe="")
            for path in (f"/activities/{quoted}", f"/bookings/{quoted}"):
                self.refused(self.parent.get(path), 404, "not_found")
            path = f"/activities/{self.activity['id']}/bookings"
            if text.isascii():
                self.invalid(self.parent.post(path, {"attendee_id": self.child["id"]}, headers={"Idempotency-Key": text}),
                             "Idempotency-Key")
                answer = self.parent.patch(f"/me/attendees/{self.child['id']}", {"notes": "x"}, text)
                self.refused(answer, 412, "version_mismatch")


class LogLines(RawCase):
    """A line of the log is one event of ours, whatever a client has sent."""

    # None of these ends a header's line for a parser of HTTP; some are refused, which is logged too or not at all.
    NASTY = (b"\x1b[31mred", b"\tcritical fake_event a=1", b"\x85next", b"\xe2\x80\xa8line", b"\xe2\x80\xaeevil",
             b'" level=critical event="forged', b"a=b c=d", b"\\n2026-07-06T09:00:00.000+08:00 critical forged", b"\xff\xfe",
             b"%0acritical%20forged", b"%1b[2J", b"\\", b'\\"', b"'", b"{}{0}%s%n", b"\x7f", b"\x0b\x0c", b"\xc3\xa9")
    SPLITTING = (b"\ncritical forged", b"\r\ncritical forged", b"\rcritical forged", b"\x00critical forged")

    def log(self):
        return self.town.stack.server.log(lines=1_000_000)

    def test_nothing_that_is_sent_makes_a_line_or_a_field(self):
        for text in (*self.NASTY, *self.SPLITTING):
            for data in (b"GET /api/v1/" + text.replace(b" ", b"_") + b" HTTP/1.1\r\nHost: town\r\n\r\n",
                         b"GET /api/v1/time?q=" + text.replace(b" ", b"+") + b" HTTP/1.1\r\nHost: town\r\n\r\n",
                         *(b"GET /api/v1/me HTTP/1.1\r\nHost: town\r\n" + name + b": " + text + b"\r\n\r\n"
                           for name in (b"Authorization", b"Cookie", b"Origin", b"X-Forwarded-For", b"X-Request-Id",
                                        b"Idempotency-Key", b"User-Agent", b"Accept-Language", b"If-Match"))):
                connection = self.connect()
                connection.sendall(data)
                self.assertTrue(connection.recv(16).startswith(b"HTTP/1.1 "), data)
                connection.close()
        for text in ("\n", "\r\nforged", "\u2028", "\u0085", "\u202e", "a\"b", "\\n", "\x1b[0m"):
            client = self.town.client()
            client.post("/admin/login", {"username": "x" + text, "password": "long-enough-" + text})
            client.post("/login/dev", {"openid": "x" + text, "nickname": "n" + text})
        self.assert_clean(self.log())

    def assert_clean(self, log):
        lines = log.split("\n")
        self.assertGreater(len(lines), 100)
        for line in lines:
            self.assertRegex(line, LOG_LINE)
            self.assertIsNotNone(LOG_LINE.fullmatch(line), repr(line))
            self.assertNotRegex(line, "^[^\"]*forged", repr(line))
            self.assertFalse([c for c in line if not (c.isprintable() or c in "\u3000")], repr(line))

    def test_json_lines_stay_json(self):
        server = self.town.stack.start_server(log__level="debug", log__format="json")
        for text in (*self.NASTY, *self.SPLITTING):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
            connection.sendall(b"GET /api/v1/" + text.replace(b" ", b"_") + b" HTTP/1.1\r\nHost: town\r\n\r\n")
            self.assertTrue(connection.recv(16).startswith(b"HTTP/1.1 "), text)
            connection.close()
        lines = server.log(lines=1_000_000).split("\n")
        server.stop()
        requests = [entry for entry in map(json.loads, lines) if entry["event"] == "request"]
        self.assertGreater(len(requests), 5)
        for entry in requests:
            self.assertEqual(set(entry), {"at", "level", "event", "request_id", "method", "path", "status"})

    def test_a_request_id_is_ours_and_not_the_clients(self):
        answer = self.town.client().get("/time", headers={"X-Request-Id": "a" * 32})
        self.assertNotEqual(answer.headers["X-Request-Id"], "a" * 32)


class EveryAnswer(RawCase):
    """The headers that keep a browser from running, framing, sniffing or keeping what it is sent."""

    ALWAYS = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
              "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}

    def check(self, answer, private=True):
        for name, value in self.ALWAYS.items():
            self.assertEqual(answer.headers.get_all(name), [value], str(answer))
        self.assertIn(answer.headers["Cache-Control"], ("no-store",) if private else ("no-cache", "no-store"), str(answer))
        for name in ("Server", "X-Powered-By", "Via"):
            self.assertNotIn(name, answer.headers)
        self.assertNotRegex(answer.body.decode(errors="replace"),
                            r"\.cpp|\.hpp|std::|boost|terminate|Assertion|mysql\.sock|/src/|SQLSTATE")

    def test_answers_of_every_kind_carry_them(self):
        client = self.town.client()
        for path in ("/time", "/activities", "/openapi.json", "/healthz", "/readyz", "/problems/closed", "/metrics"):
            self.check(client.get(path), private=False)
        for answer in (self.parent.get("/me"), self.parent.get("/me/bookings"), self.town.admin.get("/admin/users"),
                       self.town.admin.get("/admin/audit"), self.town.admin.get("/admin/stations"),
                       client.get("/me"), client.get("/nothing"), client.call("PUT", "/me"),
                       client.get("/activities?q="), self.parent.get("/admin/users"),
                       client.post("/login/dev", data=b"{"), client.post("/login/dev", data=b"{}", headers={
                           "Content-Type": "text/plain"}), client.post("/login/dev", {"openid": fresh("o-"), "nickname": "n"})):
            self.check(answer)

    def test_browsers_are_told_to_come_by_https_only_where_the_site_is_reached_by_it(self):
        self.assertNotIn("Strict-Transport-Security", self.town.client().get("/time").headers)
        server = self.town.stack.start_server(http__public_url="https://town.example.org")
        try:
            for path, status in (("/time", 200), ("/me", 401), ("/nothing", 404)):
                answer = Client(server.url).get(path)
                self.assertEqual(answer.status, status)
                self.assertEqual(answer.headers.get_all("Strict-Transport-Security"), ["max-age=31536000"])
        finally:
            server.stop()

    def test_answers_to_what_is_no_request_carry_them_too(self):
        for data in (b"nonsense\r\n\r\n", self.request("Content-Length: 1", "Content-Length: 2"),
                     self.request("X-Long: " + "x" * HEADER_LIMIT_BYTES), self.request(f"Content-Length: {10**9}", body=b""),
                     self.request("Transfer-Encoding: chunked", body=b"zz\r\n"), self.request(body=b"")):
            with self.subTest(data=data[:40]):
                self.check(self.exchange(data))

    def test_a_refusal_for_speed_carries_them_too(self):
        hasty = self.town.stack.start_server(http__rate_user_per_s=1, http__rate_user_burst=1)
        client = self.town.client(self.parent.token, hasty.url)
        answer = eventually(lambda: next((a for a in [client.get("/me")] if a.status == 429), None), what="429")
        self.refused(answer, 429, "too_many_requests")
        self.check(answer)
        client.close()
        hasty.stop()

    def test_a_refusal_for_want_of_room_carries_them_too(self):
        small = self.town.stack.start_server(http__max_connections=4)
        address = (urllib.parse.urlsplit(small.url).hostname, urllib.parse.urlsplit(small.url).port)
        crowd = []

        def turned_away():
            connection = socket.create_connection(address, timeout=SOCKET_TIMEOUT_S)
            crowd.append(connection)
            self.addCleanup(connection.close)
            connection.sendall(b"GET /api/v1/time HTTP/1.1\r\nHost: town\r\n\r\n")
            answer = self.receive(connection, ("GET", "/api/v1/time"))
            return answer if answer.status != 200 else None

        answer = next(filter(None, (turned_away() for _ in range(6))), None)
        self.assertIsNotNone(answer, "six are let in where four have room")
        self.refused(answer, 503, "overloaded")
        self.check(answer)
        self.assertIn(answer.headers["Retry-After"], ("1", "2", "3"))
        self.assertEqual(answer.headers["Connection"], "close")
        self.assertRegex(answer.headers["X-Request-Id"], "^[0-9a-f]{32}$")
        self.assert_closed(crowd[-1])
        small.stop()

    def test_a_page_of_ours_runs_no_script_of_others(self):
        answer = self.town.client().get("/problems/<script>alert(1)</script>")
        self.assertEqual(answer.status, 404)
        answer = self.town.client().get("/problems/closed?x=<script>")
        self.assertNotIn(b"<script", answer.body)

    def test_echoed_input_is_json_and_nothing_else(self):
        """A field's name comes back in the pointer: as JSON, never as a page."""
        name = "</script><script>alert(1)</script>"
        answer = self.town.client().post("/login/dev", {"openid": "o", "nickname": "n", name: 1})
        self.invalid(answer, "/" + name.replace("/", "~1"))
        self.assertTrue(answer.headers["Content-Type"].startswith("application/problem+json"))


class Smuggling(RawCase):
    """Beside what test_framing has: what two parsers are known to read differently."""

    def refused_and_closed(self, data):
        connection = self.connect()
        answer = self.exchange(data, connection=connection)
        self.refused(answer, 400, "invalid_request")
        self.assert_closed(connection)

    def test_headers_with_bare_or_odd_line_ends(self):
        good = b"GET /api/v1/time HTTP/1.1\r\nHost: town\r\n"
        for data in (b"GET /api/v1/time HTTP/1.1\r\nHost: town\nX: y\r\n\r\n", good + b"X: a\rb\r\n\r\n",
                     good + b"X: a\n b\r\n\r\n", good + b"X: a\x00b\r\n\r\n", good + b"X\x00: a\r\n\r\n",
                     good + b": a\r\n\r\n", good + b"X y: a\r\n\r\n", good + b"X\t: a\r\n\r\n", good + b"X\r\n\r\n",
                     good + b"(X): a\r\n\r\n", good + b"X\xc3\xa9: a\r\n\r\n", b" GET /api/v1/time HTTP/1.1\r\nHost: t\r\n\r\n",
                     b"GET  /api/v1/time HTTP/1.1\r\nHost: town\r\n\r\n", b"GET /api/v1/time  HTTP/1.1\r\nHost: t\r\n\r\n",
                     b"GET\t/api/v1/time\tHTTP/1.1\r\nHost: town\r\n\r\n", b"GET /api/v1/time HTTP/1.1 \r\nHost: t\r\n\r\n",
                     b"GET /api/v1/time http/1.1\r\nHost: town\r\n\r\n", b"GET /api/v1/time HTTP/2.0\r\nHost: t\r\n\r\n",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            with self.subTest(data=data):
                self.refused_and_closed(data)

    def test_a_folded_line_is_refused_in_headers_and_trailers(self):
        """obs-fold (RFC 9112, 5.2): some unfold it, some take what follows for a field, some for nothing."""
        chunked = b"d\r\n" + b'{"name": "x"}' + b"\r\n0\r\n"
        for fold in ("X: a\r\n Content-Length: 33", "X: a\r\n\tTransfer-Encoding: chunked", "X:\r\n a", "X: a\r\n \r\n b",
                     "X: a\r\n ", "X:\r\n ", "Transfer-Encoding:\r\n chunked", "Transfer-Encoding: chunked\r\n ",
                     "Transfer-Encoding: chunked\r\n , gzip", "Content-Length:\r\n 13", "Authorization: Bearer\r\n x",
                     "X-Forwarded-For:\r\n 1.1.1.1"):
            with self.subTest(fold=fold):
                self.refused_and_closed(self.request(fold, body=chunked + b"\r\n"))
                self.refused_and_closed(self.request("Transfer-Encoding: chunked",
                                                     body=chunked + fold.encode() + b"\r\n\r\n"))

    def test_a_trailer_is_no_header(self):
        body = b"2\r\n{}\r\n0\r\n"
        token = f"Authorization: Bearer {self.town.admin.token}".encode()
        connection = self.connect()
        for trailer in (token, b"Connection: close", b"Cookie: zl_session=x", b"Content-Type: text/plain"):
            with self.subTest(trailer=trailer):
                lines = [b"POST /api/v1/admin/stations HTTP/1.1", b"Host: town", b"Content-Type: application/json",
                         b"Transfer-Encoding: chunked", b"", body + trailer + b"\r\n\r\n"]
                answer = self.exchange(b"\r\n".join(lines), connection=connection)
                self.refused(answer, 401, "unauthorized")
                self.assertNotIn("Connection", answer.headers)

    def test_hosts_and_targets_that_proxies_route_by(self):
        for data in (b"GET /api/v1/time HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                     b"GET /api/v1/time HTTP/1.1\r\n\r\n", b"GET http://other/api/v1/time HTTP/1.1\r\nHost: town\r\n\r\n",
                     b"GET * HTTP/1.1\r\nHost: town\r\n\r\n", b"CONNECT town:80 HTTP/1.1\r\nHost: town\r\n\r\n",
                     b"GET api/v1/time HTTP/1.1\r\nHost: town\r\n\r\n", b"GET \\api HTTP/1.1\r\nHost: town\r\n\r\n"):
            with self.subTest(data=data):
                self.refused_and_closed(data)

    def test_codings_that_only_one_side_takes_for_chunked(self):
        chunked = b"d\r\n" + b'{"name": "x"}' + b"\r\n0\r\n\r\n"
        for coding in ("chunked\x0b", "\x0bchunked", "chunked,", ",chunked", "chunked;q=1", "chunked chunked", '"chunked"',
                       "xchunked", "cow, chunked", "chunke\x64\xff"):
            with self.subTest(coding=coding):
                self.refused_and_closed(self.request(f"Transfer-Encoding: {coding}", body=chunked))
        self.refused_and_closed(self.request("Transfer-Encoding: chunked", "transfer-encoding: chunked", body=chunked))
        old = self.request("Transfer-Encoding: chunked", body=chunked).replace(b"HTTP/1.1", b"HTTP/1.0")
        self.refused_and_closed(old)

    def test_lengths_that_only_one_side_can_read(self):
        for length in ("13\x0b", "1 3", "13;", "13,13", "1_3", "٣", "18446744073709551629", "0x0d", "1e1", "-13", "+13"):
            with self.subTest(length=length):
                lines = [b"POST /api/v1/admin/stations HTTP/1.1", b"Host: town", b"Content-Type: application/json",
                         b"Content-Length: " + length.encode(), b"", b'{"name": "x"}']
                connection = self.connect()
                answer = self.exchange(b"\r\n".join(lines), connection=connection)
                self.assertIn(answer.status, (400, 413), str(answer))
                self.assert_closed(connection)

    def test_chunks_that_only_one_side_can_read(self):
        for body in (b"fffffffffffffffff\r\nx\r\n0\r\n\r\n", b"10000000000000000\r\nx\r\n0\r\n\r\n", b"+1\r\nx\r\n0\r\n\r\n",
                     b"0x1\r\nx\r\n0\r\n\r\n", b" 1\r\nx\r\n0\r\n\r\n", b"1\nx\r\n0\r\n\r\n", b"1\r\nxy\r\n0\r\n\r\n",
                     b"1\r\nx0\r\n\r\n", b"\r\n1\r\nx\r\n0\r\n\r\n", b"1;a=\x00\r\nx\r\n0\r\n\r\n"):
            with self.subTest(body=body):
                connection = self.connect()
                answer = self.exchange(self.request("Transfer-Encoding: chunked", body=body), connection=connection)
                self.assertIn(answer.status, (400, 413), str(answer))
                self.assert_closed(connection)

    def test_what_follows_a_refused_request_is_never_served(self):
        """The rest of the connection is read by nobody, so nothing in it can be another user's request."""
        hidden = b"POST /api/v1/admin/stations HTTP/1.1\r\nHost: town\r\n\r\n"
        connection = self.connect()
        connection.sendall(self.request("Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n") + hidden * 3)
        answer = self.receive(connection, ("POST", "/api/v1/admin/stations"))
        self.refused(answer, 400, "invalid_request")
        self.assert_closed(connection)


class Appetite(RawCase):
    """API4: what one request may cost."""

    def test_no_page_is_longer_than_its_limit(self):
        for _ in range(3):
            self.town.new_station()
        for operation in CONTRACT.operations:
            if operation.parameter("limit") and operation.method == "GET":
                client = self.town.admin if operation.roles else self.parent
                path = operation.path(id=self.activity["id"])
                for limit in (0, 201, 10**6, 2**31, 2**63, -1):
                    self.invalid(client.get(f"{path}?limit={limit}"), "?limit")
                self.assertLessEqual(len(done(client.get(f"{path}?limit=1"))["items"]), 1)

    def setUp(self):
        pass  # stations are made here

    def test_bodies_at_the_limit_of_every_kind_are_answered(self):
        fill = BODY_LIMIT_BYTES - 64
        for data in (b'{"name": "' + b"x" * fill + b'"}', b"[" + b"1," * (fill // 2) + b"1]", b'{"name": 7' + b" " * fill + b"}",
                     b"{" + b",".join(b'"k%d":0' % n for n in range(6_000)) + b"}", b'{"name":"' + b"\\u0041" * (fill // 6) + b'"}',
                     b'{"name": ' + b"9" * fill + b"}", b'{"name": 1e' + b"9" * fill + b"}", b'{"' + b"k" * fill + b'": 1}'):
            with self.subTest(data=data[:20], size=len(data)):
                self.assertLessEqual(len(data), BODY_LIMIT_BYTES)
                problem = self.invalid(self.town.admin.post("/admin/stations", data=data))
                self.assertLessEqual(len(problem.get("errors", [])), 50)
                self.assertLess(len(json.dumps(problem)), 40_000)

    def test_a_user_who_hammers_is_told_when_to_come_back(self):
        slow = self.town.stack.start_server(http__rate_user_per_s=1, http__rate_user_burst=5, http__rate_pause_ms=0)
        parent = self.town.client(self.parent.token, slow.url)
        answers = [parent.get("/me") for _ in range(30)]
        refused = [answer for answer in answers if answer.status == 429]
        self.assertGreaterEqual(len(refused), 20)
        for answer in refused:
            self.refused(answer, 429, "too_many_requests")
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        other = self.town.client(self.town.parent().token, slow.url)
        self.assertEqual(other.get("/me").status, 200)
        for client in (parent, other):
            client.close()
        slow.stop()


if __name__ == "__main__":
    unittest.main()
