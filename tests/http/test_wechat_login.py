"""Logging in by WeChat, from a browser and from the mini-program, with every trap that its platform sets."""

import hashlib
import re
import threading
import unittest
import urllib.parse

from client import done, made
from town import TownCase, eventually, fresh
from wechat_town import RETURN_PATH, WechatTownCase, state_of

EXCHANGE = "/sns/oauth2/access_token"
ENDED_PATH = "/api/v1/login/wechat/ended"


def setUpModule():
    WechatTownCase.start_town()


def tearDownModule():
    WechatTownCase.stop_town()


class LoginCase(WechatTownCase):
    def setUp(self):
        self.platform = self.town.platform
        self.browser = self.town.browser()

    def person(self, unionid="", **options):
        openid = fresh("o-person-")
        self.platform.add_person(openid, unionid=unionid, **options)
        return openid

    def code(self, openid, **options):
        return self.platform.code(openid, **options)["code"]

    def turned_away(self, answer, why, **kwargs):
        """The page that says why, to which a browser is sent without what WeChat gave it."""
        self.assertEqual(answer.status, 302, str(answer))
        address = urllib.parse.urlsplit(answer.headers["Location"])
        self.assertEqual(address.path, ENDED_PATH)
        self.assertEqual(dict(urllib.parse.parse_qsl(address.query)).keys(), {"why", "return_to"})
        page = self.browser.get(f"{address.path}?{address.query}", **kwargs)
        self.assertEqual(page.status, 200, str(page))
        self.assertIn(f"<code>{why}</code>", page.body.decode())
        return page.body.decode()

    def sent_on(self, answer, location):
        self.assertEqual((answer.status, answer.headers["Location"]), (302, location), str(answer))

    def sent_to_platform(self, answer):
        self.assertEqual(answer.status, 302, str(answer))
        self.assertTrue(answer.headers["Location"].startswith(self.platform.url + "/connect/oauth2/authorize?"),
                        answer.headers["Location"])
        return answer.headers["Location"]


class FromABrowser(LoginCase):
    def test_a_parent_comes_back_to_the_page_without_code_and_state_and_is_somebody(self):
        openid = self.person()
        self.sent_on(self.browser.log_in(openid, "/activities/7?tab=2"), "/activities/7?tab=2")
        user = done(self.browser.me())["user"]
        self.assertEqual(user["nickname"], "")
        again = self.town.browser()
        self.sent_on(again.log_in(openid), "/")
        self.assertEqual(done(again.me())["user"], user)
        other = self.town.browser()
        other.log_in(self.person())
        self.assertNotEqual(done(other.me())["user"]["id"], user["id"])

    def test_the_platform_is_asked_in_its_own_order_with_a_state_of_letters_and_digits(self):
        url = self.browser.begin("/x")
        redirect_uri = urllib.parse.quote(self.town.url + RETURN_PATH, safe="")
        self.assertRegex(url, re.escape(
            f"{self.platform.url}/connect/oauth2/authorize?appid={self.platform.account.settings.appid}"
            f"&redirect_uri={redirect_uri}&response_type=code&scope=snsapi_base&state=")
            + "[0-9a-f]{32}#wechat_redirect$")
        self.assertNotIn("%2Fx", url)
        self.assertNotEqual(state_of(self.browser.begin("/x")), state_of(url))

    def test_cookies_are_for_this_host_and_no_script(self):
        answer = self.browser.get("/login/wechat")
        self.assertRegex(answer.headers["Set-Cookie"],
                         r"^zl-login=[0-9a-f]{32}; Path=/; HttpOnly; SameSite=Lax; Max-Age=600$")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        answer = self.browser.log_in(self.person())
        self.assertRegex(answer.headers["Set-Cookie"], r"^zl=zt1\.[^;]+; Path=/; HttpOnly; SameSite=Lax; Max-Age=\d+$")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")

    def test_a_state_is_good_once(self):
        location = self.browser.visit_platform(self.begin_as(self.person()))
        self.sent_on(self.browser.follow(location), "/")
        before = self.town.exchanges()
        # A double tap, or the page reloaded: the login begins anew, and the code is not shown to the platform again.
        self.sent_to_platform(self.browser.follow(location))
        self.turned_away(self.browser.follow(location), "failed_again")
        self.assertEqual(self.town.exchanges(), before)

    def begin_as(self, openid, return_to=None):
        self.platform.visit_as(openid)
        return self.browser.begin(return_to)

    def test_a_state_of_another_browser_is_refused_and_stays_good_for_its_own(self):
        location = self.browser.visit_platform(self.begin_as(self.person()))
        before = self.town.exchanges()
        for victim in (self.town.browser(), self.town.browser()):
            self.turned_away(victim.follow(location), "foreign")
            victim.begin()
            self.turned_away(victim.follow(location), "foreign")
            self.assertNotIn("zl", victim.cookies)
        self.assertEqual(self.town.exchanges(), before)
        self.sent_on(self.browser.follow(location), "/")

    def test_states_that_nobody_began_are_refused(self):
        self.browser.begin()
        code = self.code(self.person())
        before = self.town.exchanges()
        for state in ("", "f" * 32, "F" * 32, "x", "f" * 33, "f" * 5000, "' OR 1=1 -- ", "\u0000", "状态"):
            with self.subTest(state=state):
                self.turned_away(self.browser.come_back(code=code, state=state), "foreign")
        self.turned_away(self.browser.come_back(code=code), "foreign")
        self.turned_away(self.browser.get(RETURN_PATH), "foreign")
        self.assertEqual(self.town.exchanges(), before)

    def test_a_cookie_that_is_not_ours_is_replaced(self):
        for value in ("x", "f" * 31, "F" * 32, "f" * 400):
            self.browser.cookies = {"zl-login": value}
            self.browser.begin()
            self.assertRegex(self.browser.cookies["zl-login"], "^[0-9a-f]{32}$")
            self.assertNotEqual(self.browser.cookies["zl-login"], value)

    def test_two_windows_of_one_browser_both_get_in(self):
        openid = self.person()
        first, second = self.begin_as(openid, "/a"), self.begin_as(openid, "/b")
        self.sent_on(self.browser.follow(self.browser.visit_platform(second)), "/b")
        self.sent_on(self.browser.follow(self.browser.visit_platform(first)), "/a")

    def test_who_does_not_agree_is_told_so_and_may_begin_anew(self):
        state = state_of(self.browser.begin("/a?b=c&d"))
        page = self.turned_away(self.browser.come_back(state=state), "declined")
        self.assertIn('href="/api/v1/login/wechat?return_to=/a%3Fb%3Dc%26d"', page)
        self.assertNotIn("zl", self.browser.cookies)

    def test_spent_stale_and_busy_restart_the_login_once_and_never_loop(self):
        openid = self.person()
        for errcode in (40029, 40163, -1):
            with self.subTest(errcode=errcode):
                browser = self.town.browser()
                self.platform.plan_faults(EXCHANGE, [errcode] * 2)
                state = state_of(browser.begin("/kept"))
                before = self.town.exchanges()
                url = self.sent_to_platform(browser.come_back(code=self.code(openid), state=state))
                page = self.turned_away(browser.come_back(code=self.code(openid), state=state_of(url)), "failed_again")
                self.assertIn("return_to=/kept", page)
                # Begun by hand within the minute: no restart either.
                self.platform.plan_faults(EXCHANGE, [errcode])
                state = state_of(browser.begin())
                self.turned_away(browser.come_back(code=self.code(openid), state=state), "failed_again")
                self.assertEqual(self.town.exchanges() - before, 3)

    def test_a_restarted_login_comes_back_to_the_same_page(self):
        openid = self.person()
        self.platform.plan_faults(EXCHANGE, [40163])
        state = state_of(self.begin_as(openid, "/kept"))
        url = self.sent_to_platform(self.browser.come_back(code=self.code(openid), state=state))
        self.sent_on(self.browser.follow(self.browser.visit_platform(url)), "/kept")

    def test_a_restart_is_allowed_again_after_a_minute(self):
        openid = self.person()
        self.platform.plan_faults(EXCHANGE, [40029])
        state = state_of(self.browser.begin())
        url = self.sent_to_platform(self.browser.come_back(code=self.code(openid), state=state))
        self.town.sql("UPDATE login_states SET created_at_ms = created_at_ms - 61000 WHERE restart = 1")
        self.platform.plan_faults(EXCHANGE, [40029])
        self.sent_to_platform(self.browser.come_back(code=self.code(openid), state=state_of(url)))

    def test_a_real_code_is_exchanged_once_whatever_comes_of_it(self):
        openid = self.person()
        code = self.code(openid)
        self.sent_on(self.browser.come_back(code=code, state=state_of(self.browser.begin())), "/")
        other = self.town.browser()
        self.sent_to_platform(other.come_back(code=code, state=state_of(other.begin())))
        self.platform.advance(301)
        stale = self.code(openid)
        self.platform.advance(301)
        third = self.town.browser()
        self.sent_to_platform(third.come_back(code=stale, state=state_of(third.begin())))

    def test_an_old_state_restarts_without_asking_the_platform(self):
        state = state_of(self.begin_as(self.person(), "/late"))
        self.town.sql(f"UPDATE login_states SET created_at_ms = created_at_ms - 601000 WHERE state = x'{state}'")
        before = self.town.exchanges()
        url = self.sent_to_platform(self.browser.come_back(code="x", state=state))
        self.assertEqual(self.town.exchanges(), before)
        self.sent_on(self.browser.follow(self.browser.visit_platform(url)), "/late")

    def test_a_preview_is_nobody(self):
        openid = self.person()
        code = self.code(openid, snapshot=True)
        self.turned_away(self.browser.come_back(code=code, state=state_of(self.browser.begin())), "virtual_user")
        self.assertNotIn("zl", self.browser.cookies)
        self.assertEqual(self.town.sql(f"SELECT COUNT(*) FROM identities WHERE openid = '{openid}'"), "0")

    def test_a_blocked_user_is_refused(self):
        openid = self.person()
        self.browser.log_in(openid)
        user = done(self.browser.me())["user"]["id"]
        self.town.sql(f"UPDATE users SET blocked = 1 WHERE id = x'{user}'")
        self.turned_away(self.town.browser().log_in(openid), "blocked")

    def test_a_platform_that_is_at_fault_is_503(self):
        openid = self.person()
        self.platform.plan_faults(EXCHANGE, [40125])
        answer = self.browser.come_back(code=self.code(openid), state=state_of(self.browser.begin()))
        self.refused(answer, 503, "unavailable")

    def test_nobody_is_sent_to_another_host(self):
        for page in ("//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "evil.example",
                     "javascript:alert(1)", "/a\r\nSet-Cookie: x=y", "/a\tb", "/a b", "/活动", "", "/" * 513,
                     "/api/v1/logout", "/api", "/api/v1/login/wechat"):
            with self.subTest(page=page):
                answer = self.browser.get("/login/wechat?" + urllib.parse.urlencode({"return_to": page}))
                self.invalid(answer, "?return_to")
        for page in ("/", "/a", "/a//b", "/a?next=//evil.example", "/apiary", "/%2F%2Fevil.example", "/a#b"):
            with self.subTest(page=page):
                self.sent_on(self.browser.log_in(self.person(), page), page)

    def test_the_words_follow_the_language(self):
        ended = self.browser.get(RETURN_PATH)
        self.assertIn("The login was not finished",
                      self.turned_away(ended, "foreign", headers={"Accept-Language": "en"}))
        self.assertIn("登录没有完成", self.turned_away(ended, "foreign"))

    def test_a_page_that_was_passed_on_is_no_error_though_the_platform_adds_parameters(self):
        openid = self.person()
        added = {"from": "singlemessage", "isappinstalled": "0"}
        code, state = self.code(openid), state_of(self.browser.begin("/kept"))
        self.sent_on(self.browser.come_back(code=code, state=state, **added), "/kept")
        self.turned_away(self.town.browser().come_back(code=code, state=state, **added), "foreign")
        page = self.browser.get(f"{ENDED_PATH}?why=declined&return_to=/kept&from=timeline")
        self.assertIn("return_to=/kept", page.body.decode())

    def test_the_page_of_an_end_leads_to_pages_of_ours_alone(self):
        self.invalid(self.browser.get(ENDED_PATH), "?why")
        self.invalid(self.browser.get(ENDED_PATH + "?why=luck"), "?why")
        for page in ("//evil.example", "https://evil.example", "/api/v1/logout"):
            query = urllib.parse.urlencode({"why": "declined", "return_to": page})
            self.invalid(self.browser.get(f"{ENDED_PATH}?{query}"), "?return_to")

    def test_a_code_and_a_state_stand_there_once(self):
        self.invalid(self.browser.get(RETURN_PATH + "?state=a&state=b"), "?state")
        self.invalid(self.browser.come_back(code="x" * 513, state="f" * 32), "?code")

    def test_one_person_in_many_windows_at_once_is_one_user(self):
        openid = self.person()
        browsers = [self.town.browser() for _ in range(6)]
        ready = [(browser, self.code(openid), state_of(browser.begin())) for browser in browsers]
        threads = [threading.Thread(target=browser.come_back, kwargs={"code": code, "state": state})
                   for browser, code, state in ready]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len({done(browser.me())["user"]["id"] for browser in browsers}), 1)


class FromTheMiniProgram(LoginCase):
    def log_in(self, openid):
        return self.town.client().post("/login/wechat-mini", {"code": self.code(openid, mini=True)})

    def test_a_code_gives_a_token_and_nothing_of_the_platform_s(self):
        openid = self.person()
        answer = self.log_in(openid)
        login = done(answer)
        self.assertEqual(set(login), {"token", "expires_at", "user"})
        self.assertNotIn(b"session_key", answer.body)
        self.assertNotIn("Set-Cookie", answer.headers)
        self.assertEqual(done(self.town.client(login["token"]).get("/me"))["user"], login["user"])
        self.assertEqual(done(self.log_in(openid))["user"], login["user"])

    def test_a_spent_code_wants_a_new_one(self):
        client = self.town.client()
        body = {"code": self.code(self.person(), mini=True)}
        done(client.post("/login/wechat-mini", body))
        self.refused(client.post("/login/wechat-mini", body), 401, "unauthorized")
        self.refused(client.post("/login/wechat-mini", {"code": "nonsense"}), 401, "unauthorized")

    def test_who_is_held_for_a_risk_is_refused(self):
        self.platform.plan_faults("/sns/jscode2session", [40226])
        self.refused(self.log_in(self.person()), 403, "forbidden")

    def test_what_is_no_code_is_refused(self):
        client = self.town.client()
        for code in ("", "x" * 513, "a b", "a\n", "码", 7, None, []):
            with self.subTest(code=code):
                self.invalid(client.post("/login/wechat-mini", {"code": code}), "/code")


class OnePerson(LoginCase):
    """The unionid joins what a person has at the accounts of one owner."""

    def mini(self, openid):
        client = self.town.client()
        login = done(client.post("/login/wechat-mini", {"code": self.code(openid, mini=True)}))
        client.token, client.me = login["token"], login["user"]
        return client

    def web(self, openid):
        browser = self.town.browser()
        code = self.code(openid, scope="snsapi_userinfo")
        self.sent_on(browser.come_back(code=code, state=state_of(browser.begin())), "/")
        return browser

    def test_two_accounts_of_a_person_are_one_user(self):
        unionid = fresh("u-")
        first = self.mini(self.person(unionid))
        child = self.town.child(first)
        second = self.web(self.person(unionid))
        self.assertEqual(done(second.me()), {"user": first.me, "attendees": [child]})

    def test_a_user_who_has_nothing_gives_way_and_is_logged_out(self):
        openid, unionid = self.person(), fresh("u-")
        empty = self.mini(openid)  # no unionid is known yet
        full = self.mini(self.person(unionid))
        child = self.town.child(full)
        self.platform.account.people[openid].unionid = unionid
        joined = self.mini(openid)
        self.assertEqual(joined.me, full.me)
        self.assertEqual(done(joined.get("/me"))["attendees"], [child])
        eventually(lambda: empty.get("/me").status == 401, what="the end of the tokens")
        self.assertEqual(done(full.get("/me"))["user"], full.me)

    def test_of_two_who_have_nothing_the_older_one_stays(self):
        openid, unionid = self.person(), fresh("u-")
        older = self.mini(openid)
        self.mini(self.person(unionid))
        self.platform.account.people[openid].unionid = unionid
        self.assertEqual(self.mini(openid).me, older.me)

    def test_two_who_both_have_something_stay_two(self):
        openid, unionid = self.person(), fresh("u-")
        first, second = self.mini(openid), self.mini(self.person(unionid))
        for parent in (first, second):
            self.town.child(parent)
        self.platform.account.people[openid].unionid = unionid
        self.assertEqual(self.mini(openid).me, first.me)
        self.assertEqual(done(first.get("/me"))["user"], first.me)
        self.assertEqual(done(second.get("/me"))["user"], second.me)

    def test_a_blocked_person_does_not_come_in_by_another_account(self):
        unionid = fresh("u-")
        blocked = self.mini(self.person(unionid))
        self.town.sql(f"UPDATE users SET blocked = 1 WHERE id = x'{blocked.me['id']}'")
        code = self.code(self.person(unionid), mini=True)
        self.refused(self.town.client().post("/login/wechat-mini", {"code": code}), 403, "forbidden")


class WhoLeft(LoginCase):
    def identities(self, openid):
        return self.town.sql(f"SELECT COUNT(*) FROM identities WHERE openid = '{openid}'")

    def test_within_the_grace_period_a_login_brings_them_back(self):
        openid = self.person()
        self.browser.log_in(openid)
        before = done(self.browser.me())
        self.town.sql(f"UPDATE identities SET unbound_at = UNIX_TIMESTAMP() * 1000 WHERE openid = '{openid}'")
        again = self.town.browser()
        again.log_in(openid)
        self.assertEqual(done(again.me()), before)
        self.assertEqual(self.town.sql(f"SELECT COUNT(unbound_at) FROM identities WHERE openid = '{openid}'"), "0")

    def test_after_it_they_are_wiped_and_logged_out_and_come_back_as_somebody_new(self):
        openid, staying = self.person(), self.person()
        for one in (staying, openid):
            self.browser = self.town.browser()
            self.browser.log_in(one)
        user = done(self.browser.me())["user"]["id"]
        self.town.sql(f"UPDATE users SET nickname = '妈妈' WHERE id = x'{user}'")
        self.town.sql(f"UPDATE identities SET unbound_at = 1 WHERE openid = '{openid}'")
        server = self.town.stack.start_server(wechat__profile_grace_hours=1)
        eventually(lambda: self.identities(openid) == "0", what="the wiping")
        server.stop()
        self.assertEqual(self.identities(staying), "1")
        self.assertEqual(self.town.sql(f"SELECT nickname FROM users WHERE id = x'{user}'"), "")
        eventually(lambda: self.browser.me().status == 401, what="the end of the tokens")
        again = self.town.browser()
        again.log_in(openid)
        self.assertNotEqual(done(again.me())["user"]["id"], user)


class ForThePages(LoginCase):
    def config(self, url):
        return self.town.client().get("/wechat/js-config?" + urllib.parse.urlencode({"url": url}))

    def signature(self, config, url):
        ticket = self.platform.account.ticket()["ticket"]
        text = f"jsapi_ticket={ticket}&noncestr={config['nonce_str']}&timestamp={config['timestamp']}&url={url}"
        return hashlib.sha1(text.encode()).hexdigest()

    def test_own_pages_are_signed_as_they_stand_up_to_the_fragment(self):
        for path in ("", "/", "/a?b=c&from=timeline&isappinstalled=0", "/a?q=%E6%B4%BB%20x%2By", "/%25"):
            with self.subTest(path=path):
                url = self.town.url + path
                config = done(self.config(url))
                self.assertEqual(config["app_id"], self.platform.account.settings.appid)
                self.assertEqual(config["signature"], self.signature(config, url))
                self.assertEqual(done(self.config(url + "#top")).keys(), config.keys())

    def test_pages_of_others_are_refused(self):
        port = urllib.parse.urlsplit(self.town.url).port
        for url in ("https://evil.example/", f"http://127.0.0.1.evil.example:{port}/",
                    f"http://evil.example@127.0.0.1:{port}/",
                    f"http://127.0.0.1:{port}@evil.example/", f"https://127.0.0.1:{port}/",
                    "http://127.0.0.1:1/", "", "/", "javascript:1"):
            with self.subTest(url=url):
                self.refused(self.config(url), 403, "forbidden")
        self.invalid(self.town.client().get("/wechat/js-config"), "?url")

    def test_files_that_vouch_for_the_domain(self):
        answer = self.town.client().get("/MP_verify_a1B2.txt")
        self.assertEqual((answer.status, answer.body), (200, b"a1B2"))
        for path in ("/MP_verify_.txt", "/MP_verify_a1B2", "/MP_verify_A1b2.txt",
                     "/MP_verify_a1B2.txt/", "/MP_verify_a1B2.txt.txt"):
            self.refused(self.town.client().get(path), 404, "not_found")


class Disabled(TownCase):
    def test_without_wechat_there_is_nothing_and_everything_else_works(self):
        server = self.town.stack.start_server(wechat__enabled=False)
        client = self.town.client(url=server.url)
        for path in ("/login/wechat", RETURN_PATH, ENDED_PATH + "?why=declined", "/wechat/js-config?url=x"):
            self.refused(client.get(path), 404, "not_found")
        self.refused(client.post("/login/wechat-mini", {"code": "x"}), 404, "not_found")
        made(client.post("/me/attendees", {"name": "小明", "birth_date": "2016-05-05", "relation": "parent"},
                         headers={"Authorization": f"Bearer {self.town.parent().token}"}))
        server.stop()


if __name__ == "__main__":
    unittest.main()
