"""OWASP API Security Top 10 (2023): which tests try what it names, that each of them is there, and those that belong to
no other file: API6, one family that sweeps the seats, and API10, a platform that answers with malice."""

import ast
import collections
import contextlib
import http.server
import itertools
import json
import pathlib
import re
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from client import done
from support.stack import SOURCE_DIR
from test_security_credentials import FromAddress
from town import TownCase, book, fresh, key
from wechat_town import WechatTownCase

# By file under tests/: the tests, or all of a class.
TOP_TEN = {
    "API1 broken object-level authorisation": {
        "http/test_security_access.py": ["OtherPeople", "OtherStations.test_no_call_reaches_another_station"],
        "http/test_bad_input.py": ["OtherPeople.test_another_users_ids_are_404"],
    },
    "API2 broken authentication": {
        "http/test_security_credentials.py": ["MadeUpTokens", "MadeUpTickets", "Guessing"],
        "http/test_security_access.py": ["ForeignPages"],
        "http/test_wechat_login.py": [
            "FromABrowser.test_a_state_is_good_once",
            "FromABrowser.test_a_state_of_another_browser_is_refused_and_stays_good_for_its_own"],
    },
    "API3 broken object property level authorisation": {
        "http/test_security_access.py": ["MassAssignment", "OtherPeople.test_public_calls_show_nobody"],
        "http/test_security_secrets.py": ["KeptSecrets.test_answers_show_none"],
    },
    "API4 unrestricted resource consumption": {
        "http/test_security_injection.py": ["Appetite"],
        "fault/test_hostile_clients.py": ["SlowSenders", "Crowds", "Gluttons", "Hammering"],
    },
    "API5 broken function level authorisation": {
        "http/test_security_access.py": [
            "Routes.test_every_route_that_the_server_has_has_a_rule",
            "Routes.test_each_caller_is_let_in_exactly_where_the_rule_says",
            "OtherStations.test_nobody_but_the_town_makes_or_raises_accounts"],
    },
    "API6 unrestricted access to sensitive business flows": {
        "http/test_security_top_ten.py": ["OneFamilySweeps"],
    },
    "API7 server side request forgery": {
        "http/test_security_access.py": ["MassAssignment.test_no_body_takes_an_address_to_be_fetched"],
        "http/test_wechat_login.py": ["FromABrowser.test_nobody_is_sent_to_another_host"],
        "http/test_security_top_ten.py": ["HostilePlatform.test_it_sends_the_server_nowhere_else"],
    },
    "API8 security misconfiguration": {
        "http/test_security_injection.py": ["EveryAnswer", "Smuggling"],
        "http/test_security_access.py": ["Routes.test_methods_that_show_or_tunnel_are_refused",
                                         "ForeignPages.test_other_origins_may_not_read"],
        "http/test_security_secrets.py": ["KeptSecrets"],
    },
    "API9 improper inventory management": {
        "http/test_security_access.py": ["Routes.test_every_route_that_the_server_has_has_a_rule",
                                         "Routes.test_doors_that_scanners_try_are_not_there"],
    },
    "API10 unsafe consumption of APIs": {
        "http/test_security_top_ten.py": ["HostilePlatform"],
        "unit/wechat/http_client_test.cpp": [
            "HttpClientTest.takes_no_answer_beyond_its_limit",
            "HttpClientTest.trusts_a_server_by_its_authority_and_its_name"],
        "unit/wechat/platform_api_test.cpp": ["PlatformApiTest.an_answer_without_a_token_is_none"],
    },
}


def setUpModule():
    WechatTownCase.start_town()


def tearDownModule():
    WechatTownCase.stop_town()


def tests_of(path):
    """The tests of a file, as Class.test."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".cpp":
        return {f"{suite}.{name}" for suite, name in re.findall(r"^TEST(?:_F)?\((\w+), (\w+)\)", text, re.MULTILINE)}
    return {f"{node.name}.{item.name}" for node in ast.parse(text).body if isinstance(node, ast.ClassDef)
            for item in node.body if isinstance(item, ast.FunctionDef) and item.name.startswith("test_")}


class TheTable(unittest.TestCase):
    def test_has_all_ten_each_with_tests_that_exist(self):
        self.assertEqual([name.split()[0] for name in TOP_TEN], [f"API{number}" for number in range(1, 11)])
        for name, files in TOP_TEN.items():
            for file, wanted in files.items():
                there = tests_of(pathlib.Path(SOURCE_DIR) / "tests" / file)
                there |= {test.partition(".")[0] for test in there}
                self.assertLessEqual(set(wanted), there, f"{name}, {file}")


class OneFamilySweeps(TownCase):
    """API6: however many tokens, children, keys and addresses one user presses with, caps and bucket are the user's."""

    TOKENS = 4
    CHILDREN = 4
    ACTIVITIES = 6
    CAP = 2
    RATE_PER_S = 10
    BURST = 20

    def setUp(self):
        self.openid = fresh("sweeper-")
        self.tokens = [self.town.parent(self.openid).token for _ in range(self.TOKENS)]
        first = self.town.client(self.tokens[0])
        self.children = [self.town.child(first) for _ in range(self.CHILDREN)]

    def test_the_cap_of_a_family_holds_over_all_its_tokens_and_children(self):
        programme = self.town.programme(max_per_user=self.CAP)
        activities = [self.town.activity(programme) for _ in range(self.ACTIVITIES)]
        wishes = list(itertools.product(activities, self.children))

        def press(token, wishes):
            client = self.town.client(token)
            return [book(client, activity, child) for activity, child in wishes]

        with ThreadPoolExecutor(self.TOKENS) as pool:
            pressing = [pool.submit(press, token, wishes[number::self.TOKENS])
                        for number, token in enumerate(self.tokens)]
            answers = [answer for task in pressing for answer in task.result()]
        self.assertEqual(len(answers), len(wishes))
        booked = [answer for answer in answers if answer.status == 201]
        self.assertEqual(len(booked), self.CAP)
        for answer in answers:
            if answer.status != 201:
                self.refused(answer, 409, "limit_reached")
        self.assertEqual(sum(len(self.town.roster(activity)) for activity in activities), self.CAP)

    def test_the_bucket_is_the_users_over_all_tokens_and_addresses(self):
        activity = self.town.activity(capacity=1)
        server = self.town.stack.start_server(http__rate_user_per_s=self.RATE_PER_S, http__rate_user_burst=self.BURST,
                                              http__rate_pause_ms=0)
        self.addCleanup(server.stop)
        count = 60

        def press(number, token):
            client = FromAddress(server.url, f"127.0.0.{100 + number}")
            client.token = token
            child = self.children[number % self.CHILDREN]
            return collections.Counter(book(client, activity, child, key()).status for _ in range(count))

        began = time.monotonic()
        with ThreadPoolExecutor(self.TOKENS) as pool:
            statuses = sum(pool.map(press, range(self.TOKENS), self.tokens), collections.Counter())
        bucket = self.BURST + self.RATE_PER_S * (time.monotonic() - began) + 1
        self.assertEqual(statuses.total(), count * self.TOKENS)
        self.assertLessEqual(set(statuses), {201, 409, 429})
        self.assertLessEqual(statuses.total() - statuses[429], bucket)
        self.assertEqual(len(self.town.roster(activity)), 1)


class Hostile:
    """What stands where the platform should: answers every call with these bytes, and remembers what was asked."""

    def __init__(self):
        self.answer = b""
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                with contextlib.suppress(ConnectionError):  # who has read enough leaves
                    self.wfile.write(outer.answer)
                self.close_connection = True

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def says(self, body, status="200 OK", headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(data)}", *headers]
        self.answer = "\r\n".join(lines).encode() + b"\r\n\r\n" + data

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class HostilePlatform(WechatTownCase):
    """API10: what another party answers is input like any other."""

    GOOD = {"openid": "o-good", "unionid": "", "session_key": "k"}

    @classmethod
    def setUpClass(cls):
        cls.platform, cls.elsewhere = Hostile(), Hostile()
        cls.addClassCleanup(cls.platform.close)
        cls.addClassCleanup(cls.elsewhere.close)
        cls.server = cls.town.stack.start_server(wechat__api_url=cls.platform.url)
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.users_before = self.users()
        self.addCleanup(lambda: self.assertEqual(self.town.client(url=self.server.url).get("/time").status, 200))

    def users(self):
        return self.town.sql("SELECT COUNT(*) FROM users")

    def log_in(self):
        client = self.town.client(url=self.server.url)
        return client.post("/login/wechat-mini", {"code": fresh("code-")})

    def lets_nobody_in(self, what):
        asked = len(self.platform.asked)
        answer = self.log_in()
        self.assertGreater(len(self.platform.asked), asked, what)
        self.assertIn((answer.status, answer.code), ((401, "unauthorized"), (503, "unavailable")), what)
        self.assertEqual(self.users(), self.users_before, what)

    def test_a_good_answer_of_this_platform_lets_in(self):
        """Or the others would be refused for another reason."""
        self.platform.says(self.GOOD | {"openid": fresh("o-good-")})
        self.assertIn("token", done(self.log_in()))

    def test_answers_beyond_every_limit_are_none(self):
        for name, body in {
            "a long answer": {**self.GOOD, "filling": "x" * (4 << 20)},
            "a long openid": {**self.GOOD, "openid": "o" * 100_000},
            "a deep answer": b'{"openid": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        }.items():
            self.platform.says(body)
            self.lets_nobody_in(name)

    def test_answers_of_another_type_are_none(self):
        """But for whole numbers, which are read as texts: so the platform writes some of its ids."""
        for openid in (None, True, [], {}, ["o1"], "", 1e300):
            self.platform.says({**self.GOOD, "openid": openid})
            self.lets_nobody_in(openid)
        for body in (b"", b"null", b"[]", b'"o1"', b"7", b"<html>o1</html>", b'{"openid": "o1"', b"\xff\xfe{}",
                     b'{"openid": "\xff\xff"}', b'{"errcode": [], "openid": {}}'):
            self.platform.says(body)
            self.lets_nobody_in(body)

    def test_it_sends_the_server_nowhere_else(self):
        self.elsewhere.says(self.GOOD)
        for status in ("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect",
                       "308 Permanent Redirect"):
            self.platform.says(b"", status, [f"Location: {self.elsewhere.url}/sns/jscode2session"])
            self.lets_nobody_in(status)
        self.assertEqual(self.elsewhere.asked, [])

    def test_broken_framing_is_no_answer(self):
        for answer in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"openid\": \"o1\"}", b"nonsense\r\n\r\n",
                       b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
                       b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000 + b"\r\n{}"):
            self.platform.answer = answer
            self.lets_nobody_in(answer[:60])

    def test_texts_with_malice_are_texts(self):
        """An openid is never put together into SQL, a header or a log line; it is somebody, or nobody."""
        for openid in ("o'; DROP TABLE users; --", "o\r\nSet-Cookie: a=b", "o\x00o", "<script>", "../../etc/passwd"):
            self.platform.says({**self.GOOD, "openid": openid})
            answer = self.log_in()
            self.assertIn(answer.status, (200, 401, 503), str(answer))
            self.assertNotIn("a=b", str(answer.headers.get("Set-Cookie")))
            known = self.town.sql(f"SELECT COUNT(*) FROM identities WHERE openid = 0x{openid.encode().hex()}")
            self.assertEqual(known, "1" if answer.status == 200 else "0", openid)
        self.assertNotIn("\nSet-Cookie", self.server.log(1000))


if __name__ == "__main__":
    unittest.main()
