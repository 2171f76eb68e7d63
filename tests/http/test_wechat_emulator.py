"""The emulator of the WeChat platform does what the platform's documentation says of it."""
import http.client
import http.server
import json
import pathlib
import threading
import time
import unittest
import urllib.parse
import xml.etree.ElementTree as ElementTree

from support.wechat_emulator.cipher import Cipher, signature
from support.wechat_emulator.server import Emulator

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "support/wechat_vectors.json"
TOKEN = "AAAAA"
AES_KEY = "A" * 43
APPID = "wxba5fad812f8e6fb9"
SECRET = "0123456789abcdef0123456789abcdef"


class Receiver:
    """An account's callback that answers as the test says, one item for each push: a text, a delay in seconds, or a
    status. Beyond the list it answers "success"."""

    def __init__(self):
        self.answers = []
        self.pushes = []  # (query, body)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                good = query["signature"] == signature(TOKEN, query["timestamp"], query["nonce"])
                self._answer(200 if good else 403, query["echostr"])

            def do_POST(self):
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                receiver.pushes.append((query, self.rfile.read(int(self.headers["Content-Length"])).decode()))
                answer = receiver.answers.pop(0) if receiver.answers else "success"
                if callable(answer):
                    answer = answer(query)
                if isinstance(answer, float):
                    time.sleep(answer)
                    answer = "success"
                self._answer(answer, "") if isinstance(answer, int) else self._answer(200, answer)

            def _answer(self, status, text):
                try:
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(text.encode())
                except OSError:
                    pass  # the platform has gone on

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/wechat/callback"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class EmulatorTest(unittest.TestCase):
    def setUp(self):
        self.platform = self.enterContext(Emulator(clock=lambda: 1_800_000_000.0))  # a whole minute
        self.platform.add_person("o1", unionid="u1")

    def request(self, method, target, body=None):
        address = urllib.parse.urlsplit(self.platform.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        try:
            raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body, ensure_ascii=False).encode()
            connection.request(method, target, raw)
            response = connection.getresponse()
            return response.status, dict(response.headers), response.read().decode()
        finally:
            connection.close()

    def get(self, path, **query):
        return json.loads(self.request("GET", f"{path}?{urllib.parse.urlencode(query)}")[2])

    def post(self, path, body, **query):
        return json.loads(self.request("POST", f"{path}?{urllib.parse.urlencode(query)}", body)[2])

    def stable(self, force=False, **other):
        body = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET, "force_refresh": force} | other
        return self.post("/cgi-bin/stable_token", body)

    def classic(self):
        return self.get("/cgi-bin/token", grant_type="client_credential", appid=APPID, secret=SECRET)

    def works(self, token):
        return self.get("/cgi-bin/ticket/getticket", access_token=token, type="jsapi")["errcode"]

    def send(self, token, **other):
        body = {"touser": "o1", "template_id": "TEMPLATE", "data": {"thing1": {"value": "钢琴课"}}} | other
        return self.post("/cgi-bin/message/template/send", body, access_token=token)

    def notify(self, token, **other):
        body = {"touser": "o1", "template_id": "NOTICE", "data": {"thing1": {"value": "钢琴课"}}} | other
        return self.post("/cgi-bin/message/subscribe/bizsend", body, access_token=token)


class TokenTest(EmulatorTest):
    def test_a_stable_token_stays_and_its_remaining_time_falls(self):
        first = self.stable()
        self.platform.advance(1000)
        second = self.stable()
        self.assertEqual(first["access_token"], second["access_token"])
        self.assertEqual(first["expires_in"], 7200)
        self.assertEqual(second["expires_in"], 6200)

    def test_a_stable_token_is_renewed_in_its_last_minutes_and_both_work(self):
        old = self.stable()["access_token"]
        self.platform.advance(6901)
        new = self.stable()["access_token"]
        self.assertNotEqual(old, new)
        self.assertEqual((self.works(old), self.works(new)), (0, 0))
        self.platform.advance(300)
        self.assertEqual((self.works(old), self.works(new)), (42001, 0))

    def test_forcing_kills_the_old_token_but_not_within_30_s_and_20_times_a_day(self):
        old = self.stable()["access_token"]
        new = self.stable(force=True)["access_token"]
        self.assertNotEqual(old, new)
        self.assertEqual((self.works(old), self.works(new)), (40001, 0))
        self.assertEqual(self.stable(force=True)["access_token"], new)
        for _ in range(19):
            self.platform.advance(30)
            self.assertNotEqual(self.stable(force=True)["access_token"], new)
        self.platform.advance(30)
        self.assertEqual(self.stable(force=True)["errcode"], 45009)
        self.assertEqual(self.works(self.stable()["access_token"]), 0)

    def test_a_classic_token_gives_its_predecessor_five_minutes(self):
        old, new = self.classic()["access_token"], self.classic()["access_token"]
        self.platform.advance(299)
        self.assertEqual((self.works(old), self.works(new)), (0, 0))
        self.platform.advance(1)
        self.assertEqual((self.works(old), self.works(new)), (42001, 0))

    def test_the_two_families_leave_each_other_alone(self):
        stable, classic = self.stable()["access_token"], self.classic()["access_token"]
        self.stable(force=True)
        self.classic()
        self.assertEqual((self.works(stable), self.works(classic)), (40001, 0))

    def test_wrong_credentials_are_told_apart_and_a_stable_token_is_posted_for(self):
        self.assertEqual(self.stable(appid="wx0")["errcode"], 40013)
        self.assertEqual(self.stable(secret="x")["errcode"], 40125)
        self.assertEqual(self.stable(secret="")["errcode"], 41004)
        self.assertEqual(self.get("/cgi-bin/stable_token", appid=APPID)["errcode"], 43002)

    def test_every_errmsg_has_a_request_id_of_its_own(self):
        messages = [self.stable(secret="x")["errmsg"] for _ in range(2)]
        for message in messages:
            self.assertRegex(message, r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$")
        self.assertNotEqual(*messages)

    def test_quotas_end_with_their_minute_and_their_day(self):
        self.platform.set_quota("/cgi-bin/stable_token", per_minute=2, per_day=3)
        self.assertEqual([self.stable().get("errcode", 0) for _ in range(3)], [0, 0, 45011])
        self.platform.advance(60)
        self.assertEqual([self.stable().get("errcode", 0) for _ in range(2)], [0, 45009])
        self.platform.advance(86_400)
        self.assertEqual(self.stable().get("errcode", 0), 0)

    def test_faults_come_as_planned(self):
        self.platform.plan_faults("/cgi-bin/stable_token", [-1, 40164])
        self.assertEqual([self.stable().get("errcode", 0) for _ in range(3)], [-1, 40164, 0])
        self.assertEqual(self.platform.report()["requests"]["/cgi-bin/stable_token"], 3)


class LoginTest(EmulatorTest):
    def exchange(self, code):
        return self.get("/sns/oauth2/access_token", appid=APPID, secret=SECRET, code=code,
                        grant_type="authorization_code")

    def authorize(self, scope="snsapi_base", state="a1", redirect="https://town.example/back?x=1", query=None):
        query = query or (f"appid={APPID}&redirect_uri={urllib.parse.quote(redirect, safe='')}"
                          f"&response_type=code&scope={scope}&state={state}")
        return self.request("GET", "/connect/oauth2/authorize?" + query)

    def test_a_code_is_good_once(self):
        code = self.platform.code("o1")["code"]
        self.assertEqual(self.exchange(code)["openid"], "o1")
        self.assertEqual(self.exchange(code)["errcode"], 40163)

    def test_a_code_is_good_for_five_minutes(self):
        code = self.platform.code("o1")["code"]
        self.platform.advance(300)
        self.assertEqual(self.exchange(code)["errcode"], 40029)
        self.assertEqual(self.exchange("none")["errcode"], 40029)
        self.assertEqual(self.exchange("")["errcode"], 41008)

    def test_unionid_comes_with_the_profile_and_a_snapshot_is_marked(self):
        self.assertNotIn("unionid", self.exchange(self.platform.code("o1")["code"]))
        self.assertEqual(self.exchange(self.platform.code("o1", scope="snsapi_userinfo")["code"])["unionid"], "u1")
        self.assertEqual(self.exchange(self.platform.code("o1", snapshot=True)["code"])["is_snapshotuser"], 1)

    def test_a_mini_program_s_code_is_another_kind(self):
        code = self.platform.code("o1", mini=True)["code"]
        self.assertEqual(self.exchange(code)["errcode"], 40029)
        answer = self.get("/sns/jscode2session", appid=APPID, secret=SECRET, js_code=code,
                          grant_type="authorization_code")
        self.assertEqual((answer["openid"], answer["unionid"]), ("o1", "u1"))
        self.assertNotIn("errcode", answer)

    def test_the_silent_authorization_sends_back_with_code_and_state(self):
        self.platform.visit_as("o1")
        status, headers, _ = self.authorize(state="abc123")
        self.assertEqual(status, 302)
        location = urllib.parse.urlsplit(headers["Location"])
        query = dict(urllib.parse.parse_qsl(location.query))
        self.assertEqual((location.netloc, query["x"], query["state"]), ("town.example", "1", "abc123"))
        self.assertEqual(self.exchange(query["code"])["openid"], "o1")

    def test_others_choose_who_they_are_or_refuse(self):
        status, _, page = self.authorize(scope="snsapi_userinfo")
        self.assertEqual(status, 200)
        self.assertIn("code=", page)
        self.assertIn('href="https://town.example/back?x=1&amp;state=a1"', page)

    def test_the_address_is_matched_by_its_order(self):
        status, _, page = self.authorize(query=f"redirect_uri=https%3A%2F%2Ft&appid={APPID}&response_type=code"
                                               "&scope=snsapi_base&state=a")
        self.assertEqual(status, 200)
        self.assertIn("参数错误", page)

    def test_a_state_of_other_characters_and_a_foreign_host_are_refused(self):
        self.platform.visit_as("o1")
        self.assertEqual(self.authorize(state="a-b")[0], 200)
        self.platform.account.settings.redirect_host = "elsewhere.example"
        self.assertIn("10003", self.authorize()[2])


class MessageTest(EmulatorTest):
    def setUp(self):
        super().setUp()
        self.token = self.stable()["access_token"]

    def test_a_message_is_accepted_with_an_id_beyond_2_to_53(self):
        answer = self.send(self.token)
        self.assertEqual(answer["errcode"], 0)
        self.assertGreater(answer["msgid"], 2**53)
        self.assertEqual(self.platform.report()["sent"][0]["touser"], "o1")

    def test_a_client_message_id_guards_for_ten_minutes(self):
        first = self.send(self.token, client_msg_id="b1")["msgid"]
        self.platform.advance(599)
        self.assertEqual(self.send(self.token, client_msg_id="b1")["msgid"], first)
        self.assertEqual(len(self.platform.report()["sent"]), 1)
        self.platform.advance(1)
        self.assertNotEqual(self.send(self.token, client_msg_id="b1")["msgid"], first)
        self.assertEqual(len(self.platform.report()["sent"]), 2)

    def test_who_does_not_follow_or_is_unknown_gets_none(self):
        self.platform.add_person("o2", following=False)
        self.assertEqual(self.send(self.token, touser="o2")["errcode"], 43004)
        self.assertEqual(self.send(self.token, touser="o3")["errcode"], 40003)

    def test_a_consent_is_one_notice_and_following_does_not_matter(self):
        self.platform.add_person("o1", following=False)
        self.assertEqual(self.notify(self.token)["errcode"], 43101)
        self.platform.consent("o1", "NOTICE")
        self.assertEqual([self.notify(self.token)["errcode"] for _ in range(2)], [0, 43101])
        self.platform.consent("o1", "NOTICE")
        self.platform.consent("o1", "NOTICE", accept=False)
        self.assertEqual(self.notify(self.token)["errcode"], 43101)

    def test_the_two_families_of_templates_are_not_interchangeable(self):
        self.assertEqual(self.send(self.token, template_id="NOTICE")["errcode"], 40037)
        self.assertEqual(self.notify(self.token, template_id="TEMPLATE")["errcode"], 40037)

    def test_fields_keep_their_rules(self):
        for value in ("", "钢" * 21, "a\nb"):
            answer = self.send(self.token, data={"thing1": {"value": value}})
            self.assertEqual(answer["errcode"], 47003)
            self.assertIn("thing1.DATA", answer["errmsg"])
        self.assertEqual(self.send(self.token, data={})["errcode"], 47003)

    def test_what_is_no_json_is_refused(self):
        target = f"/cgi-bin/message/template/send?access_token={self.token}"
        for body in (b"{", b"[]", "{\"a\":\"钢\"}".encode("gbk")):
            self.assertEqual(json.loads(self.request("POST", target, body)[2])["errcode"], 47001)

    def test_a_menu_keeps_its_sizes_and_is_not_escaped(self):
        def create(raw):
            return json.loads(self.request("POST", f"/cgi-bin/menu/create?access_token={self.token}", raw)[2])["errcode"]

        button = {"type": "click", "name": "我的预约", "key": "my"}
        self.assertEqual(create(json.dumps({"button": [button]}, ensure_ascii=False).encode()), 0)
        self.assertEqual(create(json.dumps({"button": [button]}).encode()), 40033)
        self.assertEqual(create(json.dumps({"menu": {"button": [button]}}, ensure_ascii=False).encode()), 40016)
        self.assertEqual(create(json.dumps({"button": [button] * 4}, ensure_ascii=False).encode()), 40016)
        self.assertEqual(create(json.dumps({"button": [button | {"name": "我的全部预约"}]}, ensure_ascii=False).encode()),
                         40018)

    def test_a_scene_code_has_a_ticket(self):
        answer = self.post("/cgi-bin/qrcode/create", {"expire_seconds": 600, "action_name": "QR_STR_SCENE",
                                                      "action_info": {"scene": {"scene_str": "ev_42"}}},
                           access_token=self.token)
        self.assertEqual(self.platform.account.scenes[answer["ticket"]], "ev_42")


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
        self.push_to(mode="plain", timeout_s=0.3)
        self.receiver.answers = [1.0, 500]
        deliveries = self.platform.say("o1", "在吗")["deliveries"]
        self.assertEqual([delivery["status"] for delivery in deliveries], [None, 500, 200])
        bodies = {body for _, body in self.receiver.pushes}
        self.assertEqual(len(bodies), 1, "MsgId and CreateTime stay")

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

    def test_a_notice_s_receipt_names_its_template(self):
        self.push_to(mode="plain")
        self.platform.receipts = "before"
        self.platform.consent("o1", "NOTICE")
        self.notify(self.stable()["access_token"])
        receipt = ElementTree.fromstring(self.receiver.pushes[-1][1])
        self.assertEqual(receipt.findtext("SubscribeMsgSentEvent/List/TemplateId"), "NOTICE")
        self.assertEqual(receipt.findtext("SubscribeMsgSentEvent/List/MsgID"), self.platform.report()["sent"][0]["msgid"])


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
