"""What an attacker has who has no password: made-up tokens and tickets, and guesses (OWASP API2, broken authentication)."""

import base64
import collections
import concurrent.futures
import hashlib
import hmac
import http.client
import json
import os
import struct
import time
import unittest

from client import Answer, Client, done, made
from town import PASSWORD, TownCase, book, fresh

FAILURES_PER_ACCOUNT = 4
FAILURES_PER_ADDRESS = 6
FAILURE_WINDOW_S = 600
ROLE_BYTES = {"user": 0, "town_admin": 1, "station_admin": 2, "staff": 3, "auditor": 4}


def setUpModule():
    TownCase.start_town(auth__login_failures_per_account=FAILURES_PER_ACCOUNT,
                        auth__login_failures_per_address=FAILURES_PER_ADDRESS,
                        auth__login_failure_window_s=FAILURE_WINDOW_S)


def tearDownModule():
    TownCase.stop_town()


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def payload(account, version=1, role=0, station=None, expires_in_s=600, token=None):
    """A session token's payload (src/app/tokens.cpp)."""
    expires_ms = int((time.time() + expires_in_s) * 1000)
    return (bytes.fromhex(account) + (token or os.urandom(16)) + bytes.fromhex(station or "0" * 32)
            + struct.pack(">IBBq", version, role, 1 if station else 0, expires_ms))


def signed(data, key, prefix="zt1."):
    text = prefix + base64url(data)
    return text + "." + base64url(hmac.new(key, text.encode(), hashlib.sha256).digest())


class MadeUpTokens(TownCase):
    """With the server's key, tokens of our making are good: so what is refused below is refused for what is wrong."""

    @classmethod
    def setUpClass(cls):
        cls.key = bytes.fromhex(cls.town.stack.secret("token_key"))
        cls.parent, cls.child = cls.town.family()
        cls.account = cls.parent.me["id"]

    def attempt(self, token, path="/me"):
        return self.town.client().get(path, headers={"Authorization": "Bearer " + token})

    def assert_refused(self, token, path="/me"):
        self.refused(self.attempt(token, path), 401, "unauthorized")
        cookie = {"Cookie": "zl=" + token}
        self.refused(self.town.client().get(path, headers=cookie), 401, "unauthorized")

    def test_the_servers_own_key_makes_a_good_one(self):
        self.assertEqual(done(self.attempt(signed(payload(self.account), self.key)))["user"]["id"], self.account)

    def test_another_key_makes_none(self):
        other_keys = (b"", b"\0" * 32, self.key[:31], self.key[::-1], b"secret", self.key.hex().encode(),
                      hashlib.sha256(self.key).digest())
        for wrong in other_keys:
            with self.subTest(key=wrong[:8]):
                self.assert_refused(signed(payload(self.account), wrong))

    def test_another_algorithm_makes_none(self):
        data = payload(self.account)
        text = "zt1." + base64url(data)
        for digest in ("md5", "sha1", "sha384", "sha512", "sha3_256"):
            with self.subTest(digest=digest):
                self.assert_refused(text + "." + base64url(hmac.new(self.key, text.encode(), digest).digest()))
        for mac in (b"", b"\0" * 32, hashlib.sha256(text.encode()).digest(),
                    hashlib.sha256(self.key + text.encode()).digest()):
            with self.subTest(mac=mac.hex()):
                self.assert_refused(text + "." + base64url(mac))

    def test_other_versions_of_the_format_are_none(self):
        for prefix in ("zt0.", "zt2.", "zt1", "zt.", "ZT1.", "zt11.", "z1.", "", "none."):
            with self.subTest(prefix=prefix):
                self.assert_refused(signed(payload(self.account), self.key, prefix))

    def test_json_web_tokens_are_none(self):
        claims = {"sub": self.account, "role": "town_admin", "exp": int(time.time()) + 600}
        for header in ({"alg": "none"}, {"alg": "HS256", "typ": "JWT"}, {"alg": "HS256", "kid": "../../dev/null"}):
            text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
            for signature in ("", base64url(hmac.new(self.key, text.encode(), hashlib.sha256).digest())):
                with self.subTest(header=header, signature=bool(signature)):
                    self.assert_refused(text + "." + signature)

    def test_a_shortened_signature_or_payload_is_none(self):
        good = signed(payload(self.account), self.key)
        text, _, mac = good.rpartition(".")
        for length in (0, 1, 8, 16, 31):
            with self.subTest(length=length):
                cut = base64url(base64.urlsafe_b64decode(mac + "=")[:length])
                self.assert_refused(f"{text}.{cut}")
        for data in (payload(self.account)[:-1], payload(self.account) + b"\0", b"", b"\0" * 61):
            with self.subTest(size=len(data)):
                self.assert_refused(signed(data, self.key))

    def test_another_spelling_of_a_good_token_is_none(self):
        """One token has one text: what is voided or logged by it can't come back in another coat."""
        good = signed(payload(self.account), self.key)
        for other in (good + "=", good + " ", " " + good, good.replace("zt1.", "zt1.A", 1), good + ".", good + "\t",
                      good.replace(".", "..", 1), "Bearer " + good, good + "," + good):
            with self.subTest(token=other[-20:]):
                answer = self.attempt(other)
                if answer.status == 200:  # outer blanks are no part of a header's value (RFC 9110, 5.5)
                    self.assertEqual(other.strip(" \t"), good)
                else:
                    self.refused(answer, 401, "unauthorized")

    def test_an_expired_token_is_none(self):
        for expires_in_s in (0, -1, -86_400, -2**40):
            with self.subTest(expires_in_s=expires_in_s):
                self.assert_refused(signed(payload(self.account, expires_in_s=expires_in_s), self.key))

    def test_an_unknown_role_is_none_and_a_role_is_not_changed_without_the_key(self):
        for role in (5, 6, 127, 128, 255):
            with self.subTest(role=role):
                self.assert_refused(signed(payload(self.account, role=role), self.key))
        text, _, mac = self.parent.token.rpartition(".")
        data = base64.urlsafe_b64decode(text[4:] + "=" * (-len(text[4:]) % 4))
        raised = data[:52] + bytes([ROLE_BYTES["town_admin"]]) + data[53:]
        self.assert_refused(f"zt1.{base64url(raised)}.{mac}", "/admin/users")
        other = data[:15] + bytes([data[15] ^ 1]) + data[16:]
        self.assert_refused(f"zt1.{base64url(other)}.{mac}")

    def test_a_token_older_than_its_accounts_version_is_none(self):
        parent = self.town.parent()
        old = signed(payload(parent.me["id"], version=1), self.key)
        self.assertEqual(self.attempt(old).status, 200)
        self.assertEqual(parent.post("/logout?everywhere=true").status, 204)
        for version in (0, 1):
            self.assert_refused(signed(payload(parent.me["id"], version=version), self.key))
        self.assertEqual(self.attempt(signed(payload(parent.me["id"], version=2), self.key)).status, 200)

    def test_other_things_of_ours_are_no_tokens(self):
        activity = self.town.activity()
        booking = made(book(self.parent, activity, self.child))
        for thing in (booking["ticket"], booking["id"], self.account, self.town.stack.secret("token_key"),
                      booking["ticket"].replace("z1.", "zt1."), "z1." + self.parent.token[4:]):
            with self.subTest(thing=thing[:12]):
                self.assert_refused(thing)


class MadeUpTickets(TownCase):
    @classmethod
    def setUpClass(cls):
        cls.activity = cls.town.activity()
        cls.parent, cls.child = cls.town.family()
        cls.booking = made(book(cls.parent, cls.activity, cls.child))
        other, others_child = cls.town.family()
        cls.others_booking = made(book(other, cls.activity, others_child))

    def enter(self, ticket, client=None):
        body = {"session_id": self.activity["sessions"][0]["id"], "ticket": ticket}
        return (client or self.town.admin).post("/admin/check-ins", body)

    def test_made_up_changed_and_recombined_tickets_let_nobody_in(self):
        _, booking_id, mac = self.booking["ticket"].split(".")
        _, _, other_mac = self.others_booking["ticket"].split(".")
        token_key = bytes.fromhex(self.town.stack.secret("token_key"))
        guessed = hmac.new(token_key, bytes.fromhex(booking_id), hashlib.sha256).hexdigest()[:32]
        for ticket in (f"z1.{booking_id}.{other_mac}", f"z1.{booking_id}.{'0' * 32}", f"z1.{booking_id}.{mac[:-1]}0",
                       f"z1.{booking_id}.{mac.upper()}", f"z1.{booking_id.upper()}.{mac}", f"z1.{booking_id}.{mac[:16]}",
                       f"z1.{booking_id}", f"z1.{mac}.{booking_id}", f"z1.{booking_id}.{guessed}", f"z1.{booking_id}..",
                       "z1." + self.parent.token[4:], f"z1.{booking_id}.{mac}.{mac}"):
            with self.subTest(ticket=ticket):
                if ticket == self.booking["ticket"]:
                    continue
                answer = self.enter(ticket)
                self.assertIn((answer.status, answer.code), ((404, "not_found"), (400, "invalid_request")), str(answer))
        for other_format in (self.parent.token, "z2." + self.booking["ticket"][3:], "zt1." + booking_id):
            self.invalid(self.enter(other_format), "/ticket")
        self.assertEqual([entry["attendance"] for entry in self.town.roster(self.activity)], [[], []])

    def test_a_ticket_shown_again_lets_nobody_else_in(self):
        activity = self.town.activity()
        booking = made(book(self.parent, activity, self.child))
        body = {"session_id": activity["sessions"][0]["id"], "ticket": booking["ticket"]}
        first = made(self.town.admin.post("/admin/check-ins", body))
        for client in (self.town.admin, self.town.account("staff", self.town.station)):
            for headers in ({}, {"Idempotency-Key": fresh("replayed-")}):
                again = self.refused(client.post("/admin/check-ins", body, headers=headers), 409, "already_checked_in")
                self.assertEqual((again["id"], again["at"]), (first["id"], first["at"]))
        done(self.parent.get("/me"))
        self.assertEqual(len(self.town.roster(activity)[0]["attendance"]), 1)

    def test_a_ticket_is_of_no_use_at_another_station(self):
        staff = self.town.account("staff", self.town.other_station)
        self.refused(self.enter(self.booking["ticket"], staff), 403, "forbidden")

    def test_a_parent_checks_nobody_in(self):
        self.refused(self.enter(self.booking["ticket"], self.parent), 403, "forbidden")


class FromAddress(Client):
    """A client at another address of the loopback network."""

    def __init__(self, url, address):
        super().__init__(url)
        self.own_address = address

    def _exchange(self, method, path, data, headers):
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=60,
                                                source_address=(self.own_address, 0))
        try:
            connection.request(method, path, body=data, headers=headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()


class Guessing(TownCase):
    """Password spraying: many names from one address, and one name from many addresses."""

    def login(self, client, username, password="wrong-password", **headers):
        return client.post("/admin/login", {"username": username, "password": password}, headers=headers)

    def test_an_address_that_guesses_many_names_is_slowed_whatever_it_claims_to_be(self):
        guesser = FromAddress(self.town.url, "127.0.0.66")
        for number in range(FAILURES_PER_ADDRESS):
            claimed = {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
            self.refused(self.login(guesser, fresh("sprayed-"), **claimed), 401, "unauthorized")
        for claimed in ({}, {"X-Forwarded-For": "203.0.113.77"}):
            answer = self.login(guesser, self.town.stack.admin_username, self.town.stack.admin_password, **claimed)
            self.refused(answer, 429, "too_many_requests")
            self.assertLessEqual(int(answer.headers["Retry-After"]), FAILURE_WINDOW_S)
        elsewhere = FromAddress(self.town.url, "127.0.0.67")
        done(self.login(elsewhere, self.town.stack.admin_username, self.town.stack.admin_password))

    def test_a_name_that_many_addresses_guess_is_slowed_for_all_alike_whether_it_exists_or_not(self):
        answers = []
        for block, username in ((70, self.town.account("auditor").me["username"]), (80, fresh("nobody-"))):
            for number in range(FAILURES_PER_ACCOUNT):
                guesser = FromAddress(self.town.url, f"127.0.0.{block + number}")
                self.refused(self.login(guesser, username), 401, "unauthorized")
            problem = self.refused(self.login(FromAddress(self.town.url, f"127.0.0.{block + 9}"), username, PASSWORD), 429,
                                   "too_many_requests")
            del problem["request_id"]
            answers.append(problem)
        self.assertEqual(*answers)

    def test_guesses_at_the_same_time_get_no_more_tries_than_one_after_the_other(self):
        username = self.town.account("auditor").me["username"]
        guessers = [FromAddress(self.town.url, f"127.0.1.{number}") for number in range(1, 41)]
        for guesser in guessers:
            guesser.get("/time")  # all connections stand before the first guess
        with concurrent.futures.ThreadPoolExecutor(len(guessers)) as threads:
            answers = list(threads.map(lambda guesser: self.login(guesser, username), guessers))
        statuses = collections.Counter(answer.status for answer in answers)
        self.assertEqual(set(statuses), {401, 429}, statuses)
        self.assertLessEqual(statuses[401], FAILURES_PER_ACCOUNT)
        for answer in answers:
            if answer.status == 429:
                self.assertLessEqual(int(answer.headers["Retry-After"]), FAILURE_WINDOW_S)
        for _ in range(FAILURES_PER_ACCOUNT - statuses[401]):
            self.refused(self.login(guessers[0], username), 401, "unauthorized")
        self.refused(self.login(guessers[1], username, PASSWORD), 429, "too_many_requests")

    def test_logins_at_the_same_time_that_are_right_use_up_no_try(self):
        stack = self.town.stack
        guessers = [FromAddress(self.town.url, f"127.0.2.{number}") for number in range(1, FAILURES_PER_ACCOUNT + 1)]
        for _ in range(3):
            with concurrent.futures.ThreadPoolExecutor(len(guessers)) as threads:
                answers = threads.map(
                    lambda guesser: self.login(guesser, stack.admin_username, stack.admin_password), guessers)
                for answer in answers:
                    done(answer)


if __name__ == "__main__":
    unittest.main()
