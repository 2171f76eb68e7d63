"""The emulator of the WeChat platform does what the platform's documentation says of it: pushes to the account; and the
console, for people."""
import json
import pathlib
import unittest
import urllib.parse
import xml.etree.ElementTree as ElementTree

from emulated import AES_KEY, APPID, TOKEN, EmulatorTest, Receiver
from support.wechat_emulator.cipher import Cipher, signature

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "support/wechat_vectors.json"


class PushTest(EmulatorTest):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.cipher = Cipher(AES_KEY, APPID)

    def push_to(self, **options):
        return self.platform.push_to(self.receiver.url, TOKEN, AES_KEY, **options)["checked"]

    def test_vectors_of_the_platform_hold_for_its_cipher(self):
        for vector in json.loads(VECTORS.read_text())["vectors"]:
            given, expected = vector["input"], vector["expected"]
            if vector["kind"] == "aes_encrypt":
                cipher = Cipher(given["encoding_aes_key"], given["appid"])
                self.assertEqual(cipher.seal(given["msg"], given["random16"].encode()), expected["encrypt"])
                self.assertEqual(cipher.open(expected["encrypt"]), given["msg"])
            elif vector["kind"] == "aes_decrypt":
                cipher = Cipher(given["encoding_aes_key"], given["appid"])
                self.assertEqual(cipher.open(given["encrypt"]), expected["msg"])
                self.assertEqual(signature(given["token"], given["timestamp"], given["nonce"], given["encrypt"]),
                                 expected["msg_signature"])

    def test_an_address_is_checked_before_it_is_used(self):
        self.assertTrue(self.push_to())
        self.assertFalse(self.platform.push_to(self.receiver.url, "other", AES_KEY)["checked"])

    def test_all_three_modes_carry_the_same_message(self):
        for mode in ("plain", "compatible", "safe"):
            with self.subTest(mode):
                self.push_to(mode=mode)
                self.platform.say("o1", "我的预约 ]]> 😀")
                query, body = self.receiver.pushes[-1]
                self.assertEqual(query["openid"], "o1")
                self.assertEqual(query["signature"], signature(TOKEN, query["timestamp"], query["nonce"]))
                fields = {child.tag: child.text for child in ElementTree.fromstring(body)}
                self.assertEqual("Encrypt" in fields, mode != "plain")
                self.assertEqual("Content" in fields, mode != "safe")
                if mode != "plain":
                    self.assertEqual(query["encrypt_type"], "aes")
                    self.assertEqual(query["msg_signature"], signature(TOKEN, query["timestamp"], query["nonce"],
                                                                       fields["Encrypt"]))
                    opened = ElementTree.fromstring(self.cipher.open(fields["Encrypt"]))
                    fields = {child.tag: child.text for child in opened}
                self.assertEqual(fields["Content"], "我的预约 ]]> 😀")
                self.assertGreater(int(fields["MsgId"]), 2**53)

    def test_a_push_is_repeated_alike_until_it_is_answered(self):
        self.push_to(mode="plain", timeout_s=2)
        self.receiver.answers = [3.0, 500]
        deliveries = self.platform.say("o1", "在吗")["deliveries"]
        self.assertEqual([delivery["status"] for delivery in deliveries], [None, 500, 200])
        bodies = {body for _, body in self.receiver.pushes}
        self.assertEqual(len(bodies), 1, "MsgId and CreateTime stay")

    def test_whether_a_push_that_was_answered_by_another_status_is_repeated_is_an_option(self):
        self.push_to(mode="plain", repeats_on_answers=False, timeout_s=2)
        for answers, statuses in (([503], [503]), (["<xml>"], [200]), ([3.0, 503], [None, 503]), ([3.0], [None, 200])):
            self.receiver.answers = answers
            deliveries = self.platform.say("o1", "在吗")["deliveries"]
            self.assertEqual([delivery["status"] for delivery in deliveries], statuses)

    def test_a_push_is_given_up_after_its_retries(self):
        for attempts in (3, 4):
            self.push_to(mode="safe", attempts=attempts)
            self.receiver.answers = [500] * 10
            deliveries = self.platform.event("o1", "CLICK", "<EventKey>my</EventKey>")["deliveries"]
            self.assertEqual(len(deliveries), attempts)
            self.assertFalse(deliveries[-1]["understood"])
            self.receiver.answers = []

    def test_answers_are_read_in_the_way_of_the_mode(self):
        words = "<xml><MsgType>text</MsgType><Content>你好</Content></xml>"
        self.push_to(mode="plain", attempts=3)
        self.receiver.answers = [words]
        self.assertEqual(self.platform.say("o1", "帮助")["deliveries"][0]["reply"]["Content"], "你好")

        def sealed(query, nonce=None):
            encrypted, at, nonce = self.cipher.seal(words), "1714112446", nonce or query["nonce"]
            return (f"<xml><Encrypt>{encrypted}</Encrypt><MsgSignature>{signature(TOKEN, at, nonce, encrypted)}"
                    f"</MsgSignature><TimeStamp>{at}</TimeStamp><Nonce>{nonce}</Nonce></xml>")

        self.push_to(mode="safe", attempts=3)
        self.receiver.answers = [sealed]
        self.assertEqual(self.platform.say("o1", "帮助")["deliveries"][0]["reply"]["Content"], "你好")
        for wrong in (words, "ok", "<xml>", lambda query: sealed(query, "1")):
            self.receiver.answers = [wrong]
            deliveries = self.platform.say("o1", "帮助")["deliveries"]
            self.assertEqual([delivery["understood"] for delivery in deliveries], [False, True])

    def test_a_scan_subscribes_or_is_a_scan(self):
        self.push_to(mode="plain")
        self.platform.add_person("o2", following=False)
        self.platform.scan("o2", "ev_42")
        self.platform.scan("o2", "ev_42")
        events = [(ElementTree.fromstring(body).findtext("Event"), ElementTree.fromstring(body).findtext("EventKey"))
                  for _, body in self.receiver.pushes]
        self.assertEqual(events, [("subscribe", "qrscene_ev_42"), ("SCAN", "ev_42")])

    def test_receipts_come_after_the_answer_before_it_or_never(self):
        self.push_to(mode="plain")
        token = self.stable()["access_token"]
        for receipts, already_there in (("before", True), ("never", False), ("after", None)):
            self.platform.receipts = receipts
            self.receiver.pushes.clear()
            message_id = str(self.send(token)["msgid"])
            if already_there is not None:
                self.assertEqual(bool(self.receiver.pushes), already_there)
            self.platform.settle()
            if receipts != "never":
                receipt = ElementTree.fromstring(self.receiver.pushes[0][1])
                self.assertEqual((receipt.findtext("Event"), receipt.findtext("MsgID"), receipt.findtext("Status")),
                                 ("TEMPLATESENDJOBFINISH", message_id, "success"))

    def test_who_lets_no_message_through_is_told_of_by_the_receipt(self):
        self.push_to(mode="plain")
        self.platform.receipts = "before"
        self.platform.block("o1")
        self.assertEqual(self.send(self.stable()["access_token"])["errcode"], 0)
        self.assertEqual(ElementTree.fromstring(self.receiver.pushes[-1][1]).findtext("Status"), "failed:user block")

    def test_a_notice_that_is_let_through_no_more_has_a_receipt_that_says_so(self):
        self.push_to(mode="plain")
        self.platform.receipts = "before"
        self.platform.consent("o1", "NOTICE")
        self.platform.block("o1")
        self.assertEqual(self.notify(self.stable()["access_token"])["errcode"], 0)
        item = ElementTree.fromstring(self.receiver.pushes[-1][1]).find("SubscribeMsgSentEvent/List")
        self.assertEqual((item.findtext("ErrorCode"), item.findtext("ErrorStatus")), ("1", "failed:user block"))

    def test_two_messages_to_one_person_at_once_are_one_too_many(self):
        self.push_to(mode="plain")
        self.platform.receipts = "before"
        token, second = self.stable()["access_token"], []

        def send_another(_query):
            """While the first call waits for its receipt to be taken."""
            second.append(self.send(token)["errcode"])
            return "success"

        self.receiver.answers = [send_another]
        self.assertEqual(self.send(token)["errcode"], 0)
        self.assertEqual(second, [43108])
        self.assertEqual(self.send(token)["errcode"], 0)

    def test_a_consent_is_withdrawn(self):
        self.push_to(mode="plain")
        self.platform.consent("o1", "NOTICE")
        self.platform.withdraw_consent("o1", "NOTICE")
        event = ElementTree.fromstring(self.receiver.pushes[-1][1])
        self.assertEqual(event.findtext("SubscribeMsgChangeEvent/List/SubscribeStatusString"), "reject")
        self.assertEqual(self.notify(self.stable()["access_token"])["errcode"], 43101)

    def test_a_notice_s_receipt_names_its_template(self):
        self.push_to(mode="plain")
        self.platform.receipts = "before"
        self.platform.consent("o1", "NOTICE")
        self.notify(self.stable()["access_token"])
        receipt = ElementTree.fromstring(self.receiver.pushes[-1][1])
        self.assertEqual(receipt.findtext("SubscribeMsgSentEvent/List/TemplateId"), "NOTICE")
        self.assertEqual(receipt.findtext("SubscribeMsgSentEvent/List/MsgID"), self.platform.report()["sent"][0]["msgid"])


class ConsoleTest(EmulatorTest):
    """The page for people, used as a browser does."""

    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.platform.push_to(self.receiver.url, TOKEN, AES_KEY, mode="plain")

    def submit(self, **form):
        status, headers, _ = self.request("POST", "/console", urllib.parse.urlencode(form).encode())
        self.assertEqual(status, 303)
        return self.request("GET", headers["Location"])[2]

    def pushed(self):
        fields = {child.tag: child.text for child in ElementTree.fromstring(self.receiver.pushes[-1][1])}
        return fields.get("Event", fields["MsgType"]), fields.get("EventKey", fields.get("Content"))

    def test_words_are_said_and_answered(self):
        self.receiver.answers = ["<xml><MsgType>text</MsgType><Content>&lt;b&gt;你好</Content></xml>"]
        page = self.submit(openid="o1", action="say", text="<i>")
        self.assertEqual(self.pushed(), ("text", "<i>"))
        self.assertIn("&lt;i&gt;", page)
        self.assertIn("&lt;b&gt;你好", page)

    def test_who_is_not_answered_is_told_so(self):
        self.receiver.answers = [500] * 4
        self.assertIn("该公众号暂时无法提供服务", self.submit(openid="o1", action="say", text="在吗"))

    def test_the_menu_is_pressed_and_its_pages_are_links(self):
        token = self.stable()["access_token"]
        self.post("/cgi-bin/menu/create", {"button": [{"type": "click", "name": "我的预约", "key": "my"}, {
            "name": "更多", "sub_button": [{"type": "view", "name": "报名", "url": "https://town.example/"}]}]},
            access_token=token)
        page = self.submit(openid="o1", action="press", key="my")
        self.assertEqual(self.pushed(), ("CLICK", "my"))
        self.assertIn('<a href="https://town.example/">报名</a>', page)

    def test_following_ends_and_begins_again_and_a_code_is_scanned(self):
        self.submit(openid="o1", action="unsubscribe")
        self.assertEqual(self.pushed()[0], "unsubscribe")
        self.submit(openid="o1", action="scan", scene="s.1")
        self.assertEqual(self.pushed(), ("subscribe", "qrscene_s.1"))
        self.submit(openid="o1", action="unsubscribe")
        self.submit(openid="o1", action="subscribe")
        self.assertEqual(self.pushed()[0], "subscribe")

    def test_messages_that_arrive_are_shown(self):
        self.platform.receipts = "never"
        self.send(self.stable()["access_token"], url="https://town.example/b")
        page = self.request("GET", "/?openid=o1")[2]
        self.assertIn("thing1: 钢琴课", page)
        self.assertIn("https://town.example/b", page)

    def test_a_scanned_code_asks_who_scans(self):
        token = self.stable()["access_token"]
        answer = self.post("/cgi-bin/qrcode/create", {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {
            "scene": {"scene_str": "s.1"}}}, access_token=token)
        page = self.request("GET", urllib.parse.urlsplit(answer["url"]).path)[2]
        self.assertIn('name="scene" value="s.1"', page)

    def test_what_is_not_possible_is_refused(self):
        for form in ({"action": "dance"}, {"action": "say", "openid": "o1"}, {"action": "scan", "openid": "o9", "scene": "s"}):
            self.assertEqual(self.request("POST", "/console", urllib.parse.urlencode(form).encode())[0], 400, form)


class ControlTest(EmulatorTest):
    def test_controls_are_there_over_http(self):
        status, _, body = self.request("POST", "/emulator/code", {"openid": "o1"})
        self.assertEqual(status, 200)
        self.assertTrue(json.loads(body)["code"])
        self.assertEqual(self.request("POST", "/emulator/now", {})[0], 400)
        self.assertEqual(self.request("POST", "/emulator/code", {"who": "o1"})[0], 400)
        self.assertEqual(self.request("POST", "/emulator/scan", {"openid": "o9", "scene": "s"})[0], 400)
        self.assertEqual(self.request("GET", "/elsewhere")[0], 404)


if __name__ == "__main__":
    unittest.main()
