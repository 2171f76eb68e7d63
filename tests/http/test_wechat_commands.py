"""zhonglou wechat check | menu | qr, and the QR codes of the API, against the emulated platform."""
import json
import os
import re
import subprocess
import tempfile
import unittest

from support.stack import ZHONGLOU, secret_variables, set_options
from support.wechat_emulator.account import Settings
from support.wechat_emulator.scenes import Scenes
from support.wechat_emulator.server import Emulator
from town import Town, done

TEMPLATE = "template-of-bookings"
NOTICE = "notice-of-offers"
TOKEN = "AAAAA"
AES_KEY = "A" * 43
SETTINGS = Settings(templates=(TEMPLATE,), notices=(NOTICE,))
SECRET_TEXTS = (SETTINGS.secret, TOKEN, AES_KEY)


def wechat_settings(platform: Emulator) -> dict:
    return {"wechat__enabled": True, "wechat__appid": SETTINGS.appid, "wechat__secret": SETTINGS.secret,
            "wechat__callback_token": TOKEN, "wechat__encoding_aes_key": AES_KEY, "wechat__api_url": platform.url,
            "wechat__authorize_url": platform.url, "wechat__code_url": platform.url,
            "wechat__template_booked": TEMPLATE, "wechat__notice_offer": NOTICE}


def setUpModule():
    CommandTest.platform = Emulator(settings=SETTINGS).__enter__()
    CommandTest.town = Town(**wechat_settings(CommandTest.platform))


def tearDownModule():
    CommandTest.town.stop()
    CommandTest.platform.__exit__()


class CommandTest(unittest.TestCase):
    platform: Emulator
    town: Town

    def run_wechat(self, *arguments: str, **settings) -> subprocess.CompletedProcess:
        """The command, with the address at which the town's server is."""
        options = {key.replace(".", "__"): value for key, value in ({"http.public_url": self.town.url} | settings).items()}
        result = subprocess.run([ZHONGLOU, "wechat", *arguments, "--config", self.town.stack.folder / "zhonglou.toml",
                                 *set_options(options)], env=os.environ | secret_variables(options),
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        for text in SECRET_TEXTS:
            self.assertNotIn(text, result.stdout + result.stderr)
        self.assertNotIn("Sanitizer", result.stderr)
        return result

    def stand_fault(self, path: str, errcode: int) -> None:
        self.platform.stand_fault(path, errcode)
        self.addCleanup(self.platform.stand_fault, path, None)


class CheckTest(CommandTest):
    def findings(self, **settings) -> dict:
        """Subject to (label, text) of the last finding; the status is 1 exactly where something is wrong."""
        result = self.run_wechat("check", **settings)
        lines = re.findall(r"^(ok|note|WRONG) +([a-z -]+): (.*)$", result.stdout, re.MULTILINE)
        self.assertEqual(result.returncode, int(any(label == "WRONG" for label, _, _ in lines)), result.stdout)
        self.assertEqual(result.stderr, "")
        return {subject: (label, text) for label, subject, text in lines}

    def assert_wrong(self, finding, *words):
        self.assertEqual(finding[0], "WRONG", finding)
        for word in words:
            self.assertIn(word, finding[1])

    def test_an_account_in_order_has_nothing_wrong(self):
        findings = self.findings()
        self.assertEqual({label for label, _ in findings.values()} - {"ok", "note"}, set(), findings)
        for subject in ("token", "clock", "templates", "notices", "page ticket"):
            self.assertEqual(findings[subject][0], "ok", findings)

    def test_an_address_that_is_not_on_the_list_is_named(self):
        self.stand_fault("/cgi-bin/stable_token", 40164)
        findings = self.findings()
        self.assert_wrong(findings["token"], "127.0.0.1", "IP白名单", "40164", "rid ")
        self.assertEqual(findings["templates"][0], "note")

    def test_wrong_appid_and_secret_are_told_apart(self):
        self.assert_wrong(self.findings(**{"wechat.appid": "wx0"})["token"], "wechat.appid", "40013")
        self.assert_wrong(self.findings(**{"wechat.secret": "x" * 32})["token"], "wechat.secret", "40125")
        self.stand_fault("/cgi-bin/stable_token", 40243)
        self.assert_wrong(self.findings()["token"], "frozen")

    def test_templates_that_the_account_has_not_are_named_with_their_setting(self):
        wrong = self.findings(**{"wechat.template_reminder": "lost"})["templates"]
        self.assert_wrong(wrong, "wechat.template_reminder", "lost")
        swapped = self.findings(**{"wechat.notice_booked": TEMPLATE})["notices"]
        self.assert_wrong(swapped, "wechat.notice_booked", "interchangeable")

    def test_calls_that_are_not_granted_are_told(self):
        self.stand_fault("/cgi-bin/ticket/getticket", 48001)
        self.assert_wrong(self.findings()["page ticket"], "已认证服务号")

    def test_a_clock_that_is_off_is_told_with_its_difference(self):
        self.platform.advance(3600)
        self.addCleanup(self.platform.advance, -3600)
        self.assert_wrong(self.findings()["clock"], "behind", "NTP")

    def test_another_domain_for_logins_is_told(self):
        self.platform.account.settings.redirect_host = "elsewhere.example"
        self.addCleanup(setattr, self.platform.account.settings, "redirect_host", "")
        self.assert_wrong(self.findings()["login"], "网页授权域名")

    def test_a_public_url_that_wechat_cannot_open_is_told(self):
        self.assertIn("registered domain", self.findings()["domain"][1])

    def test_a_callback_with_another_token_or_none_is_told(self):
        self.assert_wrong(self.findings(**{"wechat.callback_token": "BBBBB"})["callback"], "callback")

    def test_a_domain_check_file_that_is_not_served_is_told(self):
        self.assert_wrong(self.findings(**{"wechat.verify_files": "MP_verify_a1.txt=a1"})["domain"], "MP_verify_a1.txt")

    def test_a_mini_program_is_looked_at_where_there_is_one(self):
        mini = {"wechat.mini_appid": SETTINGS.appid, "wechat.mini_secret": SETTINGS.secret}
        self.assertEqual(self.findings(**mini)["mini-program"][0], "ok")
        self.assert_wrong(self.findings(**mini | {"wechat.mini_secret": "y" * 32})["mini-program"], "40125")

    def test_a_platform_that_cannot_be_reached_is_told(self):
        findings = self.findings(**{"wechat.api_url": "http://127.0.0.1:1"})
        self.assert_wrong(findings["token"], "no answer")

    def test_an_account_that_is_not_enabled_is_told(self):
        result = self.run_wechat("check", **{"wechat.enabled": "false"})
        self.assertEqual(result.returncode, 1)
        self.assertIn("wechat.enabled", result.stderr)


class MenuTest(CommandTest):
    def setUp(self):
        self.platform.account.menu = None

    def test_the_built_in_menu_is_set(self):
        result = self.run_wechat("menu")
        self.assertEqual(result.returncode, 0, result.stderr)
        buttons = self.platform.account.menu["button"]
        self.assertEqual([button["name"] for button in buttons], ["我的预约", "今日活动", "报名"])
        self.assertEqual(buttons[2]["url"], self.town.url + "/")

    def set_file(self, menu) -> subprocess.CompletedProcess:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(menu, file)  # escaped: what is sent must not be
            file.flush()
            return self.run_wechat("menu", "--file", file.name)

    def test_a_menu_of_a_file_is_set(self):
        result = self.set_file({"button": [{"type": "click", "name": "帮助", "key": "help"}]})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.platform.account.menu["button"][0]["name"], "帮助")

    def test_a_menu_beyond_the_limits_is_not_sent(self):
        before = self.platform.report()["requests"].get("/cgi-bin/menu/create", 0)
        result = self.set_file({"button": [{"type": "click", "name": "我的全部预约", "key": "my"}]})
        self.assertEqual(result.returncode, 1)
        self.assertIn("16 bytes", result.stderr)
        self.assertEqual(self.platform.report()["requests"].get("/cgi-bin/menu/create", 0), before)

    def test_a_refusal_is_told(self):
        self.stand_fault("/cgi-bin/menu/create", 48001)
        result = self.run_wechat("menu")
        self.assertEqual(result.returncode, 1)
        self.assertIn("48001", result.stderr)


class CodeTest(CommandTest):
    def setUp(self):
        self.station = self.town.new_station()

    def session(self) -> dict:
        activity = self.town.activity(self.town.programme(self.station))
        return activity["sessions"][0]

    def codes_of(self, scene: str) -> list:
        return [code for code in self.platform.account.scene_codes.codes.values() if code.scene == scene]

    def test_a_station_has_one_permanent_code_for_ever(self):
        path = f"/admin/stations/{self.station['id']}/wechat-qr"
        first, second = done(self.town.admin.get(path)), done(self.town.admin.get(path))
        self.assertEqual(first, second)
        self.assertIsNone(first["expires_at"])
        code, = self.codes_of(f"s.{self.station['id']}")
        self.assertEqual((code.ticket, code.until), (first["ticket"], None))
        self.assertTrue(first["image_url"].startswith(f"{self.platform.url}/cgi-bin/showqrcode?ticket="))
        shown = self.run_wechat("qr", "--station", self.station["id"])
        self.assertIn(first["ticket"], shown.stdout)
        self.assertIn("expires  never", shown.stdout)
        self.assertEqual(len(self.codes_of(f"s.{self.station['id']}")), 1)

    def test_a_session_s_code_lapses_after_its_end(self):
        session = self.session()
        code = done(self.town.admin.get(f"/admin/sessions/{session['id']}/wechat-qr"))
        self.assertGreater(code["expires_at"], session["ends_at"])
        self.assertEqual(len(self.codes_of(f"x.{session['id']}")), 1)
        shown = self.run_wechat("qr", "--session", session["id"])
        self.assertIn(code["ticket"], shown.stdout)

    def test_a_code_is_for_the_station_s_own_admins(self):
        own = self.town.account("station_admin", self.station)
        other = self.town.account("station_admin", self.town.new_station())
        session = self.session()
        for path in (f"/admin/stations/{self.station['id']}/wechat-qr", f"/admin/sessions/{session['id']}/wechat-qr"):
            done(own.get(path))
            self.assertEqual(other.get(path).json["code"], "forbidden")
            self.assertEqual(self.town.account("staff", self.station).get(path).json["code"], "forbidden")

    def test_used_up_codes_are_a_conflict_with_words(self):
        kept = self.platform.account.scene_codes
        self.addCleanup(setattr, self.platform.account, "scene_codes", kept)
        self.platform.account.scene_codes = Scenes(self.platform.now, permanent_max=0)
        answer = self.town.admin.get(f"/admin/stations/{self.station['id']}/wechat-qr")
        self.assertEqual((answer.status, answer.json["code"]), (409, "invalid_state"))
        self.assertIn("二维码", answer.json["detail"])

    def test_a_platform_in_trouble_is_503(self):
        self.stand_fault("/cgi-bin/qrcode/create", 48001)
        answer = self.town.admin.get(f"/admin/stations/{self.station['id']}/wechat-qr")
        self.assertEqual((answer.status, answer.json["code"]), (503, "unavailable"))

    def test_a_code_of_nothing_is_said_so(self):
        result = self.run_wechat("qr", "--station", "f" * 32)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("not_found", result.stderr)


if __name__ == "__main__":
    unittest.main()
