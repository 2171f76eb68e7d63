"""Nothing secret gets out: by the process's arguments and environment, its log, its files, or what any operation answers to
whoever asks (OWASP API3, broken object property level authorisation; API8, misconfiguration)."""

import collections
import hashlib
import itertools
import json
import pathlib
import re
import secrets
import subprocess
import time
import unittest
import urllib.parse
import xml.etree.ElementTree as ElementTree

from client import CONTRACT, done, made
from sheets import parts_of
from support.wechat_emulator.cipher import Cipher, signature
from support.wechat_emulator.pushes import cdata, text_xml
from test_security_access import call
from test_security_credentials import FromAddress, base64url
from town import PASSWORD, TownCase, at, book, fresh, now, session
from wechat_town import WechatTownCase

WECHAT_SECRETS = {"callback_token": secrets.token_hex(16), "encoding_aes_key": secrets.token_hex(22)[:43],
                  "sms_token": secrets.token_urlsafe(24)}
REDIS_PASSWORD = secrets.token_urlsafe(24)
PLATFORM_ACCOUNT = "gh_97417a04a28d"

# What some operations are there to give: a login the new token, and a booking the ticket to who holds it. Nothing else may
# look like these, either.
GIVEN = {"token": {"loginDev", "loginWechatReturn", "loginWechatMini", "adminLogin"},
         "ticket": {"createBooking", "listMyBookings", "getBooking", "cancelBooking"}}
SHAPES = {"token": re.compile(rb"zt1\.[\w-]+\.[\w-]+"), "ticket": re.compile(rb"z1\.[0-9a-f]{32}\.[0-9a-f]{32}")}

# The contract's example of a password is the demo's, which these accounts have.
EXAMPLES = {PASSWORD: {"getContract"}}

Told = collections.namedtuple("Told", "operation caller status text")


def setUpModule():
    wechat = {f"wechat__{name}": secret for name, secret in WECHAT_SECRETS.items()}
    WechatTownCase.start_town(**wechat, redis__password=REDIS_PASSWORD, log__level="debug")


def tearDownModule():
    TownCase.stop_town()


class Everything:
    """Every operation of the contract, asked by nobody, by a parent and by the town admin: so that it is done where the caller
    may, for what is not there, and with a parameter that no operation takes. Secrets are sent along where there is a place."""

    def __init__(self, town):
        self.town = town
        self.openid = fresh("o-everything-")
        town.platform.add_person(self.openid)
        self.cipher = Cipher(WECHAT_SECRETS["encoding_aes_key"], town.platform.account.settings.appid)
        parent = town.client()
        login = done(parent.post("/login/wechat-mini", self.fresh_code()))
        parent.token = login["token"]
        child, spare = town.child(parent), town.child(parent)
        programme = town.programme()
        activity, other, self.draft = town.activity(programme), town.activity(programme), town.draft(programme)
        self.shown_at_the_door = made(book(parent, activity, child))
        session_id = activity["sessions"][0]["id"]
        check_in = made(town.admin.post("/admin/check-ins", {
            "session_id": session_id, "booking_id": made(book(parent, activity, spare))["id"]}))
        account = town.account("auditor").me
        self.things = {"attendees": town.child(parent), "bookings": made(book(parent, other, child)), "activities": other,
                       "stations": town.station, "programmes": programme, "sessions": {"id": session_id}, "users": account,
                       "check-ins": check_in}
        self.bodies = {
            "loginDev": lambda: {"openid": fresh("parent-"), "nickname": "parent"},
            "loginWechatMini": self.fresh_code,
            "createBooking": lambda: {"attendee_id": spare["id"]},
            "adminLogin": lambda: {"username": town.stack.admin_username, "password": town.stack.admin_password},
            "adminCreateProgramme": lambda: {"station_id": town.station["id"]},
            "adminCreateActivity": lambda: {"programme_id": programme["id"], "sessions": [session(at(now().date(), 9))]},
            "adminCheckIn": lambda: {"session_id": session_id, "ticket": self.shown_at_the_door["ticket"]},
            "adminCreateUser": lambda: {"username": fresh("door-"), "password": PASSWORD, "role": "staff",
                                        "station_id": town.station["id"]},
            "adminUpdateUser": lambda: {"password": PASSWORD}}
        self.callers = {"nobody": town.client(), "parent": parent, "town_admin": town.account("town_admin")}
        self.secrets = {f"token of the {name} who asks": client.token for name, client in self.callers.items() if client.token}
        self.tickets = {self.shown_at_the_door["ticket"], self.things["bookings"]["ticket"]}

    def fresh_code(self):
        return {"code": self.town.platform.code(self.openid, mini=True)["code"]}

    def ask(self):
        """What ends things comes last, and tokens after everything."""
        ending = ("adminCancelActivity", "logout")
        operations = sorted(CONTRACT.operations, key=lambda operation: (
            operation.name == "logout", operation.method == "DELETE" or operation.name in ending))
        for operation, (caller, client) in itertools.product(operations, self.callers.items()):
            for answer in self.answers(operation, client):
                yield Told(operation.name, caller, answer.status, self.text_of(answer))

    def answers(self, operation, client):
        odd = urllib.parse.urlencode({"nobodys": PASSWORD})
        yield call(operation, client, operation.path(id="f" * 32, code="no-such-thing") + "?" + odd)
        yield call(operation, client)
        match operation.name:
            case "loginWechatReturn":
                browser = self.town.browser()
                browser.client.token = client.token
                yield browser.log_in(self.openid)
            case "takeWechatPush":
                path, data = self.push()
                yield call(operation, client, path, data=data, headers={"Content-Type": "text/xml"})
            case name:
                yield call(operation, client, self.path_of(operation), body=self.body_of(name, operation.example_body))

    def path_of(self, operation):
        if operation.name == "adminPublishActivity":
            return operation.path(id=self.draft["id"])
        if operation.name == "getWechatJsConfig":
            return operation.template + "?" + urllib.parse.urlencode({"url": self.town.url + "/"})
        if operation.name == "checkWechatUrl":
            return operation.template + "?" + urllib.parse.urlencode(self.signed() | {"echostr": "1"})
        if operation.name == "getLoginPage":
            return operation.template + "?why=declined"
        kind = re.search(r"([\w-]+)/\{id\}", operation.template)
        return operation.path(id=self.things[kind[1]]["id"] if kind else "", code="closed")

    def body_of(self, name, example):
        return {**(example if name.startswith("adminCreate") else {}), **self.bodies[name]()} if name in self.bodies else example

    def signed(self):
        query = {"timestamp": str(int(time.time())), "nonce": str(secrets.randbelow(10**10))}
        return query | {"signature": signature(WECHAT_SECRETS["callback_token"], *query.values())}

    def push(self):
        """The parent's "my bookings", sealed."""
        query = self.signed()
        encrypted = self.cipher.seal(text_xml(PLATFORM_ACCOUNT, self.openid, 1, "我的预约", str(secrets.randbelow(2**60))))
        query |= {"encrypt_type": "aes", "msg_signature": signature(WECHAT_SECRETS["callback_token"], query["timestamp"],
                                                                    query["nonce"], encrypted)}
        data = f"<xml>{cdata('ToUserName', PLATFORM_ACCOUNT)}{cdata('Encrypt', encrypted)}</xml>".encode()
        return "/api/v1/wechat/callback?" + urllib.parse.urlencode(query), data

    def text_of(self, answer):
        """Headers and body, and what is packed or sealed in it."""
        body = answer.body
        if body.startswith(b"PK"):
            body += "".join(parts_of(body).values()).encode()
        if b"<Encrypt>" in body:
            body += self.cipher.open(ElementTree.fromstring(body).findtext("Encrypt")).encode()
        return answer.headers.as_bytes() + body


class KeptSecrets(TownCase):
    """The server has been asked for everything that it gets and keeps in secret."""

    def secrets(self):
        """Each with what it is."""
        stack = self.town.stack
        names = ("token_key", "mysql_serve_password", "mysql_migrate_password")
        known = {name: stack.secret(name).strip() for name in names}
        known |= {"password": PASSWORD, "admin's password": stack.admin_password, "new password": self.new_password,
                  "a user's token": self.parent.token, "an admin's token": self.town.admin.token,
                  "ticket": self.booking["ticket"], "wechat's secret": self.town.platform.account.settings.secret}
        ids = bytes.fromhex(self.town.sql("SELECT HEX(value) FROM settings WHERE name = 'booking_id_secret'"))
        self.assertEqual(len(ids), 32)
        known |= {"secret of ids": ids.hex(), "its capitals": ids.hex().upper(), "its base64": base64url(ids)}
        known |= WECHAT_SECRETS | self.of_the_platform | {"redis's password": REDIS_PASSWORD}
        for name, secret in known.items():
            self.assertGreater(len(secret), 8, name)
        return known | {f"{name} in an address": urllib.parse.quote(secret, safe="") for name, secret in known.items()}

    @classmethod
    def setUpClass(cls):
        cls.new_password = fresh("correct-horse-battery-")
        cls.parent, child = cls.town.family()
        activity = cls.town.activity()
        cls.booking = made(book(cls.parent, activity, child))
        account = cls.town.account("auditor").me
        path = f"/admin/users/{account['id']}"
        done(cls.town.admin.patch(path, {"password": cls.new_password}, f'"{account["version"]}"'))
        outsider = FromAddress(cls.town.url, "127.0.0.90")
        outsider.post("/admin/login", {"username": "admin", "password": cls.new_password})
        outsider.get("/me", headers={"Authorization": f"Bearer {cls.parent.token}x"})
        outsider.get(f"/activities?q={cls.new_password}", headers={"Cookie": f"zl={cls.parent.token}"})
        cls.town.admin.post("/admin/check-ins", {"session_id": activity["sessions"][0]["id"],
                                                 "ticket": cls.booking["ticket"]})
        cls.ask_the_platform()

    @classmethod
    def ask_the_platform(cls):
        """For everything that it gives in secret, also where it refuses: a code that was used, a token that it has taken back, a
        call that the account may not make."""
        platform, account = cls.town.platform, cls.town.platform.account
        client = cls.town.client()
        openid = fresh("o-secret-")
        platform.add_person(openid)
        code = {"code": platform.code(openid, mini=True)["code"]}
        cls.told = [client.post("/login/wechat-mini", code), client.post("/login/wechat-mini", code),
                    cls.town.browser().log_in(openid)]
        cls.page = cls.town.url + "/"
        cls.signed = done(client.get("/wechat/js-config?" + urllib.parse.urlencode({"url": cls.page})))
        [first] = account.tokens.valid_until
        platform.kill_tokens()
        qr = f"/admin/stations/{cls.town.station['id']}/wechat-qr"
        platform.plan_faults("/cgi-bin/qrcode/create", [48001])
        cls.told += [cls.town.admin.get(qr), cls.town.admin.get(qr)]
        [second] = account.tokens.valid_until
        cls.of_the_platform = account.login_secrets | {
            "a login's code": code["code"], "page ticket": account.ticket()["ticket"],
            "platform's token": first, "platform's next token": second}

    def test_the_platforms_secrets_are_those_that_the_server_holds(self):
        self.assertEqual([answer.status for answer in self.told], [200, 401, 302, 503, 200])
        self.assertLessEqual({"session_key", "access_token", "refresh_token"}, self.of_the_platform.keys())
        text = (f"jsapi_ticket={self.of_the_platform['page ticket']}&noncestr={self.signed['nonce_str']}"
                f"&timestamp={self.signed['timestamp']}&url={self.page}")
        self.assertEqual(self.signed["signature"], hashlib.sha1(text.encode()).hexdigest())
        kept = self.town.sql("SELECT value FROM credentials WHERE name LIKE 'wechat_token:%'")
        self.assertEqual(kept, self.of_the_platform["platform's next token"])

    def test_redis_asks_for_its_password(self):
        asked = subprocess.run(["redis-cli", "-s", self.town.stack.redis_socket, "PING"], capture_output=True, text=True,
                               check=False)
        self.assertIn("NOAUTH", asked.stdout + asked.stderr)
        self.assertEqual(self.town.client().get("/readyz").status, 200)

    def test_the_process_shows_none_in_arguments_and_environment(self):
        process = pathlib.Path("/proc") / str(self.town.stack.server.pid)
        for place in ("cmdline", "environ"):
            shown = (process / place).read_bytes().decode(errors="replace")
            for name, secret in self.secrets().items():
                self.assertNotIn(secret, shown, f"{name} in {place}")

    def test_the_log_shows_none_even_when_it_tells_all(self):
        log = self.town.stack.server.log(lines=1_000_000)
        for told in (" debug request ", "/api/v1/wechat/js-config", " error wechat_alarm ", " redis_up "):
            self.assertTrue(told in log, told)
        for name, secret in self.secrets().items():
            self.assertFalse(secret in log, name)

    def test_answers_show_none(self):
        everything = Everything(self.town)
        told = list(everything.ask())
        told += [Told("", "", answer.status, everything.text_of(answer)) for answer in self.told]
        told.append(Told("", "", 200, json.dumps(self.signed).encode()))
        known = self.secrets() | everything.secrets | {"hash of a password": "argon2"}
        for name, secret in known.items():
            self.assertEqual({one.operation for one in told if secret.encode() in one.text}, EXAMPLES.get(secret, set()), name)
        self.are_told_what_is_theirs(told, everything)
        self.are_all_asked(told)

    def are_told_what_is_theirs(self, told, everything):
        for what, shape in SHAPES.items():
            told_of_it = [one for one in told if one.operation and shape.search(one.text)]
            self.assertEqual({one.operation for one in told_of_it}, GIVEN[what], what)
            if what == "ticket":
                self.assertEqual({one.caller for one in told_of_it}, {"parent"})
        for ticket in everything.tickets:
            self.assertTrue({one.operation for one in told if ticket.encode() in one.text})
        tokens = [set(SHAPES["token"].findall(one.text)) for one in told if one.operation in GIVEN["token"] and one.status < 400]
        self.assertEqual({len(new) for new in tokens if new}, {1})  # in the cookie and in the body
        self.assertEqual(len(set().union(*tokens)), sum(map(len, tokens)))

    def are_all_asked(self, told):
        """And done, by some caller; all kinds of answers are among them."""
        names = {operation.name for operation in CONTRACT.operations}
        self.assertGreaterEqual(len(names), 56)
        asked = collections.Counter((one.operation, one.caller) for one in told if one.operation)
        self.assertEqual(asked, {(name, caller): 3 for name in names for caller in ("nobody", "parent", "town_admin")})
        self.assertEqual({one.operation for one in told if one.status < 400} - {""}, names)
        self.assertEqual({one.status // 100 for one in told}, {2, 3, 4, 5})

    def test_the_check_of_the_configuration_shows_none(self):
        shown = self.town.stack.zhonglou("config", "check")
        self.assertIn("auth.token_key", shown)
        for name, secret in self.secrets().items():
            self.assertNotIn(secret, shown, name)

    def test_passwords_are_kept_as_hashes_only(self):
        """In the database's own files, where a backup would carry them away."""
        data = [file for file in (self.town.stack.folder).rglob("*.ibd")]
        self.assertNotEqual(data, [])
        for file in data:
            content = file.read_bytes()
            for secret in (PASSWORD, self.new_password):
                self.assertFalse(secret.encode() in content, file.name)

    def test_no_core_is_written_with_what_memory_holds(self):
        limits = (pathlib.Path("/proc") / str(self.town.stack.server.pid) / "limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        self.assertEqual(line.split()[4:6], ["0", "0"], line)


if __name__ == "__main__":
    unittest.main()
