"""What WeChat pushes: words, scans, followers who come and go; and what nobody but WeChat may push."""

import base64
import concurrent.futures
import itertools
import os
import secrets
import signal
import struct
import time
import unittest
import urllib.parse
import xml.etree.ElementTree as ElementTree

from client import done, made
from support.stack import stand_still
from support.wechat_emulator import cipher
from support.wechat_emulator.cipher import Cipher, signature
from support.wechat_emulator.pushes import MODES, Pusher, cdata, event_xml, text_xml
from town import TownCase, all_pages, at, book, eventually, fresh, now, session
from wechat_town import AES_KEY, CALLBACK_TOKEN, WechatTownCase

PATH = "/api/v1/wechat/callback"
ACCOUNT = "gh_97417a04a28d"

_message_ids = itertools.count(2**53 + 1)


def setUpModule():
    WechatTownCase.start_town()
    town = TownCase.town
    town.servers = {"safe": town.stack.server}
    for mode in ("plain", "compatible"):
        town.servers[mode] = town.stack.start_server(wechat__callback_mode=mode)


def tearDownModule():
    WechatTownCase.stop_town()


class ChatCase(WechatTownCase):
    def setUp(self):
        self.openid = fresh("o-chat-")
        self.town.platform.add_person(self.openid)
        self.appid = self.town.platform.account.settings.appid

    def pusher(self, mode="safe", attempts=1, **options):
        return Pusher(self.town.servers[mode].url + PATH, CALLBACK_TOKEN, AES_KEY, self.appid, mode, attempts=attempts, **options)

    def words(self, delivery):
        """The words of an answer; empty for `success`."""
        self.assertTrue(delivery.understood, str(delivery))
        if delivery.reply:
            self.assertEqual((delivery.reply["MsgType"], delivery.reply["FromUserName"]), ("text", ACCOUNT))
            self.assertLessEqual(len(delivery.reply["Content"].encode()), 2048)
        return delivery.reply.get("Content", "")

    def push(self, xml, mode="safe", openid=None):
        delivery, = self.pusher(mode).push(openid or self.openid, xml)
        return self.words(delivery)

    def say(self, text, mode="safe"):
        return self.push(self.text(text), mode)

    def text(self, text, message_id=None):
        return text_xml(ACCOUNT, self.openid, 1, text, str(message_id or next(_message_ids)))

    def event(self, name, key="", created_at=None):
        return event_xml(ACCOUNT, self.openid, created_at or next(_message_ids) % 10**9, name, cdata("EventKey", key))

    def scan(self, scene):
        return self.push(self.event("SCAN", scene))

    def parent(self):
        """The person of this test, logged in."""
        code = self.town.platform.code(self.openid, mini=True)["code"]
        client = self.town.client()
        login = done(client.post("/login/wechat-mini", {"code": code}))
        client.token, client.me = login["token"], login["user"]
        return client


class ModesAndChecks(ChatCase):
    def test_the_platforms_check_of_the_address_is_answered_in_every_mode(self):
        for mode in MODES:
            self.assertTrue(self.pusher(mode).check_url(), mode)
            self.assertTrue(self.pusher(mode).check_url(secrets.token_hex(16)), mode)

    def test_words_are_understood_and_answered_in_every_mode(self):
        for mode in MODES:
            self.assertIn("我的预约", self.say("帮助", mode), mode)

    def test_sealed_is_answered_sealed_and_plain_is_answered_plain(self):
        for mode in MODES:
            delivery, = self.pusher(mode).push(self.openid, self.text("帮助"))
            self.assertEqual("Encrypt" in delivery.body, mode != "plain", delivery.body)
            self.assertEqual("预约" in delivery.body, mode == "plain", delivery.body)

    def test_parameters_that_the_platform_may_add_do_no_harm(self):
        query = signed_query() | {"echostr": "1", "new": "x"}
        self.assertEqual(self.town.client().get(PATH + "?" + urllib.parse.urlencode(query)).body, b"1")


class Conversation(ChatCase):
    def setUp(self):
        super().setUp()
        self.client = self.parent()
        self.child = self.town.child(self.client, name=fresh("小]]>明"))
        day = now().date()
        self.activities = [self.town.activity(kind="camp", sessions=[session(at(day, 9) + 24 * self.hour() * days)])
                           for days in (20, 21)]

    @staticmethod
    def hour():
        return at(now().date(), 1) - at(now().date(), 0)

    def book(self, index=0):
        return made(book(self.client, self.activities[index], self.child))

    def state_of(self, booking):
        return done(self.client.get(f"/bookings/{booking['id']}"))["state"]

    def test_a_parent_asks_for_bookings_and_cancels_one_by_its_number(self):
        first, second = self.book(0), self.book(1)
        told = self.say("我的预约")
        for number, activity in enumerate(self.activities, 1):
            self.assertIn(f"{number}. 《{activity['title']}》", told)
        self.assertIn(self.child["name"], told)
        self.assertEqual(self.push(self.event("CLICK", "my_bookings")), told)
        self.assertIn(f"2. 《{self.activities[1]['title']}》", self.say("取消"))
        told = self.say("取消　２")
        self.assertTrue(told.startswith(f"已取消：《{self.activities[1]['title']}》"), told)
        self.assertIn(self.child["name"], told)
        self.assertEqual((self.state_of(first), self.state_of(second)), ("confirmed", "cancelled"))
        self.wait_remaining(self.activities[1], 10)
        entry = all_pages(self.town.admin, f"/admin/audit?subject={second['id']}&action=booking.cancel")[0]
        self.assertEqual((entry["actor"], entry["address"]), (self.client.me["id"], "wechat"))

    def test_numbers_are_known_to_every_process(self):
        booking = self.book()
        self.say("取消", "plain")
        self.assertIn("已取消", self.say("取消1", "compatible"))
        self.assertEqual(self.state_of(booking), "cancelled")

    def test_scanning_the_code_at_the_door_checks_the_child_in_once(self):
        booking = self.book()
        meeting = self.activities[0]["sessions"][0]
        scene = "x." + meeting["id"]
        self.assertIn(f"{self.child['name']}：签到成功", self.scan(scene))
        self.assertIn("已签到，不用再签", self.scan(scene))
        attendance = self.town.roster(self.activities[0])[0]["attendance"]
        self.assertEqual([record["session_id"] for record in attendance], [meeting["id"]])
        entry, = all_pages(self.town.admin, f"/admin/audit?subject={attendance[0]['check_in_id']}")
        self.assertEqual((entry["action"], entry["actor"], entry["address"]),
                         ("check_in.create", self.client.me["id"], "wechat"))
        self.assertEqual(entry["detail"]["booking_id"], booking["id"])
        self.assertIn("没有查到您家孩子", self.scan("x." + self.activities[1]["sessions"][0]["id"]))

    def test_a_new_follower_by_the_code_of_a_session_is_welcomed_and_let_in(self):
        self.book()
        told = self.push(self.event("subscribe", "qrscene_x." + self.activities[0]["sessions"][0]["id"]))
        self.assertTrue(told.startswith("欢迎关注！"), told)
        self.assertIn("签到成功", told)

    def test_too_early_is_told_with_the_time(self):
        far = self.town.activity(kind="camp", sessions=[session(at(now().date(), 9) + 24 * self.hour() * 60)])
        made(book(self.client, far, self.child))
        self.assertIn("起可以签到", self.scan("x." + far["sessions"][0]["id"]))
        self.assertEqual(self.town.roster(far)[0]["attendance"], [])

    def test_the_code_of_a_station_tells_its_day_and_is_counted_without_a_person(self):
        station = self.town.new_station()
        scene = "s." + station["id"]
        self.assertTrue(self.push(self.event("subscribe", "qrscene_" + scene)).startswith("欢迎关注！\n" + station["name"]))
        self.assertTrue(self.scan(scene).startswith(station["name"] + "今天"))
        self.scan(scene)
        counted = self.town.sql(f"SELECT CONCAT_WS(' ', followed, unfollowed, scanned) FROM follow_counts WHERE scene = '{scene}'")
        self.assertEqual(counted, "1 0 2")

    def test_who_leaves_is_unbound_at_once_and_is_the_same_user_when_back(self):
        self.book()
        self.say("取消")
        self.assertEqual(self.push(self.event("unsubscribe")), "")
        self.assertIn("请先登录一次", self.say("我的预约"))
        self.assertIn("请先登录一次", self.scan("x." + self.activities[0]["sessions"][0]["id"]))
        self.assertEqual(self.town.sql(f"SELECT COUNT(*) FROM chat_choices WHERE openid = '{self.openid}'"), "0")
        self.push(self.event("subscribe"))
        self.assertIn(self.activities[0]["title"], self.say("我的预约"))
        self.assertEqual(self.parent().me["id"], self.client.me["id"])

    def test_strangers_are_asked_to_log_in(self):
        self.openid = fresh("o-stranger-")
        told = self.say("我的预约")
        self.assertIn("请先登录一次", told)
        self.assertIn(self.town.url, told)


class Repetitions(ChatCase):
    def test_a_repetition_gets_the_same_words_signed_anew_or_not_from_any_process(self):
        xml = self.text("取消")
        client = self.parent()
        told = self.push(xml)
        child = self.town.child(client)
        made(book(client, self.town.activity(), child))
        self.assertEqual(self.push(xml), told, "although there is something to cancel by now")
        for mode in ("plain", "compatible"):
            self.assertEqual(self.push(xml, mode), told)
        self.assertNotEqual(self.push(self.text("取消")), told)

    def test_a_replayed_request_is_a_repetition(self):
        query, body = sealed_request(self.text("帮助"), self.appid)
        answers = [post(self, query, body) for _ in range(3)]
        self.assertEqual({answer.status for answer in answers}, {200})
        opened = {Cipher(AES_KEY, self.appid).open(ElementTree.fromstring(answer.body).findtext("Encrypt")).split("<Content>")[1]
                  for answer in answers}
        self.assertEqual(len(opened), 1)

    def test_message_ids_beyond_the_doubles_are_told_apart(self):
        first, second = 22409229427342621, 22409229427342622
        self.assertIn("预约", self.push(self.text("帮助", first)))
        self.assertNotEqual(self.push(self.text("我的预约", second)), self.push(self.text("帮助", first)))

    def test_one_scan_that_reaches_all_processes_at_once_is_one_check_in(self):
        client = self.parent()
        child = self.town.child(client)
        activity = self.town.activity()
        made(book(client, activity, child))
        for mode in MODES:  # no code is printed before everybody knows of its session
            server = self.town.client(url=self.town.servers[mode].url)
            eventually(lambda server=server: server.get(f"/activities/{activity['id']}").status == 200, what="the activity")
        xml = self.event("SCAN", "x." + activity["sessions"][0]["id"])
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            told = list(pool.map(lambda mode: self.words(self.pusher(mode, attempts=4).push(self.openid, xml)[-1]), MODES * 2))
        self.assertEqual(set(told), {told[0]})
        self.assertIn("签到成功", told[0])
        self.assertEqual(len(self.town.roster(activity)[0]["attendance"]), 1)

    def test_while_the_ledger_stands_still_the_platform_is_answered_in_time_and_hears_it_when_it_repeats(self):
        xml = self.event("unsubscribe")
        self.parent()
        pid = int((self.town.stack.folder / "mariadb.pid").read_text())
        stand_still(pid)
        try:
            begun = time.monotonic()
            delivery, = self.pusher(timeout_s=30).push(self.openid, xml)
            self.assertLess(time.monotonic() - begun, 10)
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertIsNone(delivery.status, "what isn't answered is repeated; of another status nothing is promised")
        eventually(lambda: self.pusher().push(self.openid, xml)[0].status == 200, what="the repetition")
        self.assertIn("请先登录一次", self.say("我的预约"))


def signed_query(at_s=None):
    timestamp, nonce = str(int(at_s or time.time())), str(secrets.randbelow(10**10))
    return {"signature": signature(CALLBACK_TOKEN, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}


def envelope(encrypted):
    return f"<xml>{cdata('ToUserName', ACCOUNT)}{cdata('Encrypt', encrypted)}</xml>".encode()


def request_with(encrypted, at_s=None):
    """A query whose signature holds over whatever is in the envelope."""
    query = signed_query(at_s)
    query |= {"encrypt_type": "aes",
              "msg_signature": signature(CALLBACK_TOKEN, query["timestamp"], query["nonce"], encrypted)}
    return query, envelope(encrypted)


def sealed_request(xml, appid):
    return request_with(Cipher(AES_KEY, appid).seal(xml))


def post(case, query, body, mode="safe", media_type="text/xml"):
    client = case.town.client(url=case.town.servers[mode].url)
    return client.call("POST", PATH + "?" + urllib.parse.urlencode(query), data=body, headers={"Content-Type": media_type})


def raw_sealed(full):
    """Base64 of what stands in for random bytes, length, message, appid and padding."""
    key = base64.b64decode(AES_KEY + "=")
    return base64.b64encode(cipher._aes_256_cbc(key, full, encrypt=True)).decode()


BOMB = '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9)) + "]><xml><Content>&j;</Content></xml>"
OUTSIDE = '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><Content>&x;</Content></xml>'
DEEP = "<xml>" + "<a>" * 5000 + "</a>" * 5000 + "</xml>"
MANY = "<xml>" + "<a/>" * 9000 + "</xml>"
UNREADABLE = {"empty": "", "spaces": "   ", "no XML": "hello", "bomb": BOMB, "from outside": OUTSIDE, "deep": DEEP,
              "many": MANY, "cut": "<xml><ToUserName>", "two roots": "<xml/><xml/>", "bare": "<xml/>",
              "zero": "<xml>\0</xml>", "CDATA unclosed": "<xml><Content><![CDATA[a]]</Content></xml>",
              "CDATA closed twice": "<xml><Content><![CDATA[a]]>]]></Content></xml>", "JSON": '{"ToUserName": "a"}'}


class BadInput(ChatCase):
    """Nobody learns from a refusal what of a push was wrong, and nothing that is pushed does harm."""

    def told(self, answer):
        """What a sender can see, but for the request's id and the time."""
        problem = answer.json
        del problem["request_id"]
        headers = {name: value for name, value in answer.headers.items() if name not in ("X-Request-Id", "Date")}
        return answer.status, str(problem), str(sorted(headers.items()))

    def all_alike(self, answers, status, code):
        for name, answer in answers.items():
            with self.subTest(name):
                self.refused(answer, status, code)
        self.assertEqual(len({self.told(answer) for answer in answers.values()}), 1)

    def sealings(self):
        """Everything that can be wrong behind a signature that holds."""
        good = self.text("帮助").encode()
        plain = secrets.token_bytes(16) + struct.pack(">I", len(good)) + good + self.appid.encode()
        pad = 32 - len(plain) % 32
        whole = base64.b64decode(raw_sealed(plain + bytes([pad]) * pad))
        blocks = plain + bytes(-len(plain) % 16)
        wrong = {
            "truncated by a byte": base64.b64encode(whole[:-1]).decode(),
            "truncated by a block": base64.b64encode(whole[:-16]).decode(),
            "one block": base64.b64encode(whole[:16]).decode(),
            "a byte": "QQ==",
            "nothing": "",
            "no base64": "@" * 64,
            "base64 in lines": "\n".join(raw_sealed(plain + bytes([pad]) * pad)[i:i + 60] for i in range(0, 120, 60)),
            "padding 0": raw_sealed(blocks + bytes(16)),
            "padding 33": raw_sealed(blocks + bytes([33]) * 48),
            "padding 255": raw_sealed(blocks + bytes([255]) * 16),
            "padding longer than all": raw_sealed(bytes([32]) * 16),
            "padding uneven": raw_sealed(plain + bytes([1]) * (pad - 1) + bytes([pad])) if pad > 1 else raw_sealed(bytes(16)),
            "length beyond": raw_sealed(self.framed(good, len(good) + 10_000)),
            "length of four billion": raw_sealed(self.framed(good, 2**32 - 1)),
            "length short": raw_sealed(self.framed(good, len(good) - 1)),
            "another appid": Cipher(AES_KEY, "wx0000000000000000").seal(good.decode()),
            "a longer appid": Cipher(AES_KEY, self.appid + "1").seal(good.decode()),
            "no appid": Cipher(AES_KEY, "").seal(good.decode()),
            "another key": Cipher("B" * 43, self.appid).seal(good.decode()),
        }
        for name, text in UNREADABLE.items():
            wrong["sealed: " + name] = Cipher(AES_KEY, self.appid).seal(text)
        return wrong

    def framed(self, message, length):
        full = secrets.token_bytes(16) + struct.pack(">I", length) + message + self.appid.encode()
        pad = 32 - len(full) % 32
        return full + bytes([pad]) * pad

    def test_whatever_is_wrong_behind_a_good_signature_is_told_alike(self):
        answers = {name: post(self, *request_with(encrypted)) for name, encrypted in self.sealings().items()}
        self.all_alike(answers, 400, "invalid_request")
        answers |= {name: post(self, *request_with(encrypted), "compatible") for name, encrypted in self.sealings().items()}
        self.all_alike(answers, 400, "invalid_request")
        answers |= {name: post(self, signed_query(), text.encode(), "plain") for name, text in UNREADABLE.items()}
        self.all_alike(answers, 400, "invalid_request")
        self.assertIn("预约", self.say("帮助"))

    def test_whatever_is_forged_is_told_alike_and_nothing_behind_it(self):
        query, body = sealed_request(self.text("帮助"), self.appid)
        forged = {"another signature": (query | {"msg_signature": "0" * 40}, body),
                  "a longer signature": (query | {"msg_signature": query["msg_signature"] + "0"}, body),
                  "upper case": (query | {"msg_signature": query["msg_signature"].upper() + " "}, body),
                  "another nonce": (query | {"nonce": "1"}, body),
                  "another time": (query | {"timestamp": "1"}, body),
                  "another body": (query, envelope(Cipher(AES_KEY, self.appid).seal(self.text("帮助")))),
                  "the address's signature": (query | {"msg_signature": query["signature"]}, body),
                  "nothing signed": ({}, body), "nothing": ({}, b""), "an empty body": (query, b""),
                  "plain in safe mode": (signed_query(), self.text("帮助").encode()),
                  "broken parameters": ({"timestamp": "\udcff".encode("utf-8", "surrogateescape"), "nonce": "1"}, body)}
        for name, encrypted in self.sealings().items():
            forged["behind it: " + name] = (query, envelope(encrypted))
        for name, text in UNREADABLE.items():
            forged["instead of it: " + name] = (query, text.encode())
        encrypted = Cipher(AES_KEY, self.appid).seal(self.text("帮助"))
        for name, off_s in (("recorded yesterday", -24 * 3600), ("of tomorrow", 24 * 3600)):
            forged[name] = request_with(encrypted, time.time() + off_s)
        answers = {name: post(self, *request) for name, request in forged.items()}
        self.all_alike(answers, 403, "forbidden")
        for mode in ("plain", "compatible"):
            for name, request in (("unsigned", ({}, self.text("帮助").encode())),
                                  ("another token", (signed_query() | {"signature": "0" * 40}, self.text("帮助").encode())),
                                  ("said to be sealed", (signed_query() | {"encrypt_type": "aes"}, self.text("帮助").encode()))):
                answers[mode + name] = post(self, *request, mode)
        self.all_alike(answers, 403, "forbidden")

    def test_the_check_of_the_address_tells_nobody_else_anything(self):
        client, query = self.town.client(), signed_query()
        forged = [{}, query, query | {"echostr": ""}, query | {"echostr": "<script>"}, query | {"echostr": "1", "nonce": "2"},
                  query | {"echostr": "1", "signature": ""}, query | {"echostr": "1" * 129}]
        answers = {str(each): client.get(PATH + "?" + urllib.parse.urlencode(each)) for each in forged}
        self.all_alike(answers, 403, "forbidden")

    def test_texts_of_every_kind_are_answered(self):
        for text in ("a]]>b", "]]>", "<![CDATA[", "&amp;&lt;", "取消" * 600, "😀", "取消\n2", "' OR 1=1 --", "%s%n", " "):
            with self.subTest(text[:20]):
                self.assertTrue(self.say(text))

    def test_unknown_events_and_messages_without_words_are_taken(self):
        for name in ("VIEW", "LOCATION", "an_event_of_tomorrow", "subscribe_msg_sent_event", "CLICK", ""):
            self.assertEqual(self.push(self.event(name)), "", name)
        image = self.text("x").replace("<![CDATA[text]]>", "<![CDATA[image]]>")
        self.assertIn("预约", self.push(image))
        receipt = event_xml(ACCOUNT, self.openid, 1, "TEMPLATESENDJOBFINISH",
                            "<MsgID>22409229427342621</MsgID>" + cdata("Status", "success"))
        self.assertEqual(self.push(receipt), "")
        consent = event_xml(ACCOUNT, self.openid, 1, "subscribe_msg_popup_event", "<SubscribeMsgPopupEvent/>")
        self.assertEqual(self.push(consent), "")

    def test_the_content_type_makes_no_difference_and_too_much_is_too_much(self):
        for media_type in ("application/xml", "text/plain", "application/json", "text/xml; charset=gbk"):
            query, body = sealed_request(self.text("帮助"), self.appid)
            self.assertEqual(post(self, query, body, media_type=media_type).status, 200, media_type)
        query, _ = request_with("x")
        self.refused(post(self, query, b"<xml>" + b" " * 70_000 + b"</xml>"), 413, "too_large")

    def test_no_rate_limit_turns_the_platform_away(self):
        server = self.town.stack.start_server(http__rate_address_per_s=1, http__rate_address_burst=1)
        self.town.servers["narrow"] = server
        client = self.town.client(url=server.url)
        eventually(lambda: client.get("/time").status == 429, what="the limit of the address")
        for _ in range(5):
            query, body = sealed_request(self.text("帮助"), self.appid)
            self.assertEqual(post(self, query, body, "narrow").status, 200)


class WithoutACallback(TownCase):
    def test_there_is_none(self):
        server = self.town.stack.start_server(wechat__callback_token="")
        client = self.town.client(url=server.url)
        self.refused(client.get(PATH + "?" + urllib.parse.urlencode(signed_query() | {"echostr": "1"})), 404, "not_found")
        self.refused(client.call("POST", PATH, data=b"<xml/>", headers={"Content-Type": "text/xml"}), 404, "not_found")


if __name__ == "__main__":
    unittest.main()
