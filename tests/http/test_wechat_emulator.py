"""The emulator of the WeChat platform does what the platform's documentation says of it: tokens, logins, messages."""
import email.utils
import html
import json
import pathlib
import re
import tempfile
import unittest
import urllib.parse

from emulated import APPID, SECRET, EmulatorTest
from support.wechat_emulator.scenes import Scenes


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

    def test_a_standing_fault_stays_until_it_is_taken_away(self):
        self.platform.stand_fault("/cgi-bin/stable_token", 40164)
        answers = [self.stable() for _ in range(3)]
        self.assertEqual([answer["errcode"] for answer in answers], [40164] * 3)
        self.assertIn("invalid ip 127.0.0.1", answers[0]["errmsg"])
        self.platform.stand_fault("/cgi-bin/stable_token", None)
        self.assertNotIn("errcode", self.stable())

    def test_answers_are_dated_by_the_platform_s_clock(self):
        _, headers, _ = self.request("GET", "/cgi-bin/token")
        self.assertEqual(email.utils.parsedate_to_datetime(headers["Date"]).timestamp(), 1_800_000_000)

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

    def test_a_snapshot_s_visitor_is_no_person(self):
        page = self.authorize()[2]
        link = next(html.unescape(link) for link in re.findall(r'href="([^"]*)">快照', page))
        answer = self.exchange(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(link).query))["code"])
        self.assertEqual(answer["is_snapshotuser"], 1)
        self.assertNotIn(answer["openid"], self.platform.account.people)

    def test_a_profile_is_for_a_token_that_was_given_for_it(self):
        for scope, expected in (("snsapi_base", 48001), ("snsapi_userinfo", 0)):
            login = self.exchange(self.platform.code("o1", scope=scope)["code"])
            answer = self.get("/sns/userinfo", access_token=login["access_token"], openid="o1", lang="zh_CN")
            self.assertEqual(answer.get("errcode", 0), expected)
        self.assertEqual((answer["unionid"], answer["nickname"]), ("u1", "家长"))

    def test_a_parameter_named_open_id_does_not_come_back(self):
        self.platform.visit_as("o1")
        location = self.authorize(redirect="https://town.example/back?openId=1&x=2")[1]["Location"]
        self.assertRegex(location, r"^https://town\.example/back\?x=2&code=")

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

    def test_a_restricted_template_and_forbidden_words_are_refused_in_both_families(self):
        self.platform.consent("o1", "NOTICE")
        self.platform.forbid_words(["钢琴"])
        self.assertEqual([self.send(self.token)["errcode"], self.notify(self.token)["errcode"]], [45168, 45168])
        self.platform.forbid_words([])
        for template in ("TEMPLATE", "NOTICE"):
            self.platform.restrict_template(template)
        self.assertEqual([self.send(self.token)["errcode"], self.notify(self.token)["errcode"]], [43116, 43116])
        self.assertEqual(self.platform.report()["sent"], [])

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
        for wrong, errcode in (({"name": "我的全部预约"}, 40018), ({"type": "press"}, 40017), ({"key": "k" * 129}, 40019),
                               ({"type": "view"}, 40020), ({"type": "view", "url": "town.example"}, 40055),
                               ({"sub_button": [button] * 6}, 40023),
                               ({"sub_button": [button | {"name": "长" * 21}]}, 40025)):
            raw = json.dumps({"button": [button | wrong]}, ensure_ascii=False).encode()
            self.assertEqual(create(raw), errcode, wrong)

    def test_a_scene_code_has_a_ticket(self):
        answer = self.post("/cgi-bin/qrcode/create", {"expire_seconds": 600, "action_name": "QR_STR_SCENE",
                                                      "action_info": {"scene": {"scene_str": "ev_42"}}},
                           access_token=self.token)
        self.assertEqual(self.platform.account.scenes[answer["ticket"]], "ev_42")

    def scene(self, action, lifetime_s=None, **scene):
        body = {"action_name": action, "action_info": {"scene": scene}}
        return self.post("/cgi-bin/qrcode/create", body | ({"expire_seconds": lifetime_s} if lifetime_s else {}),
                         access_token=self.token)

    def test_scenes_keep_their_forms(self):
        for action, lifetime_s, scene, errcode in (
                ("QR_STR_SCENE", 60, {"scene_str": ""}, 40053), ("QR_STR_SCENE", 60, {"scene_str": "s" * 65}, 40053),
                ("QR_SCENE", 60, {"scene_id": 0}, 40053), ("QR_LIMIT_SCENE", None, {"scene_id": 100_001}, 40053),
                ("QR_STR_SCENE", 2_592_001, {"scene_str": "s"}, 40097), ("QR", 60, {"scene_str": "s"}, 40052)):
            self.assertEqual(self.scene(action, lifetime_s, **scene)["errcode"], errcode, (action, scene))

    def test_a_temporary_code_lapses_and_a_permanent_one_is_one_of_so_many(self):
        self.platform.account.scene_codes = Scenes(self.platform.now, permanent_max=1)
        temporary = self.scene("QR_STR_SCENE", 600, scene_str="x.1")["ticket"]
        permanent = self.scene("QR_LIMIT_STR_SCENE", scene_str="s.1")
        self.assertNotIn("expire_seconds", permanent)
        self.assertEqual(self.scene("QR_LIMIT_STR_SCENE", scene_str="s.1")["errcode"], 45029)
        self.platform.advance(600)
        codes = self.platform.account.scene_codes
        self.assertEqual((codes.valid(temporary), codes.valid(permanent["ticket"]).scene), (None, "s.1"))
        self.assertEqual(self.request("GET", f"/cgi-bin/showqrcode?ticket={temporary}")[0], 404)

    def test_permanent_codes_outlive_the_emulator_where_it_keeps_them(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "codes"
            self.platform.account.scene_codes.keep_in(file)
            permanent = self.scene("QR_LIMIT_STR_SCENE", scene_str="s.1 ")["ticket"]
            self.scene("QR_STR_SCENE", 60, scene_str="x.1")
            later = Scenes(self.platform.now, permanent_max=10)
            later.keep_in(file)
            self.assertEqual([(code.ticket, code.scene) for code in later.codes.values()], [(permanent, "s.1 ")])

    def test_a_temporary_code_that_names_no_time_has_a_minute(self):
        self.assertEqual(self.scene("QR_STR_SCENE", scene_str="x.1")["expire_seconds"], 60)


if __name__ == "__main__":
    unittest.main()
