"""Logging in and out, tokens, cookies, and changes of an account that take effect at once, in every process."""

import statistics
import time
import unittest

from client import done, made
from town import PASSWORD, UNKNOWN_ID, TownCase, book, eventually, fresh

FAILURES_PER_ACCOUNT = 3
FAILURE_WINDOW_S = 5
SHORT_TOKEN_TTL_S = 1

other_server = None


def setUpModule():
    global other_server
    TownCase.start_town(auth__login_failures_per_account=FAILURES_PER_ACCOUNT,
                        auth__login_failures_per_address=100_000,
                        auth__login_failure_window_s=FAILURE_WINDOW_S)
    other_server = TownCase.town.stack.start_server()


def tearDownModule():
    TownCase.stop_town()


def try_login(client, username, password=PASSWORD):
    return client.post("/admin/login", {"username": username, "password": password})


class AccountCase(TownCase):
    def assert_ended(self, client, path="/me"):
        """The token is refused here at once, and by the other process soon."""
        self.refused(client.get(path), 401, "unauthorized")
        elsewhere = client.on(other_server.url)
        eventually(lambda: elsewhere.get(path).status == 401, what="the other process refuses the token")
        elsewhere.close()

    def assert_good(self, client, path="/me"):
        for caller in (client, client.on(other_server.url)):
            self.assertEqual(caller.get(path).status, 200)
            caller.close()


class AdminLogin(AccountCase):
    def test_a_login_tells_the_role(self):
        account = self.town.account("staff", self.town.station).me
        login = done(try_login(self.town.client(), account["username"]))
        self.assertEqual(login["roles"], ["staff"])

    def test_no_such_account_a_wrong_password_and_a_block_answer_alike(self):
        known, blocked = (self.town.account("auditor").me for _ in range(2))
        done(self.town.admin.patch(f"/admin/users/{blocked['id']}", {"blocked": True}, f'"{blocked["version"]}"'))
        answers = [try_login(self.town.client(), fresh("nobody-")),
                   try_login(self.town.client(), known["username"], "wrong-password"),
                   try_login(self.town.client(), blocked["username"]),
                   try_login(self.town.client(), blocked["username"], "wrong-password")]
        bodies = []
        for answer in answers:
            problem = self.refused(answer, 401, "unauthorized")
            del problem["request_id"]
            bodies.append((problem, sorted(name.lower() for name in answer.headers)))
        self.assertEqual(bodies, [bodies[0]] * len(bodies))

    def test_no_such_account_takes_the_time_of_a_wrong_password(self):
        client = self.town.client()
        names = [self.town.account("auditor").me["username"] for _ in range(7)]

        def time_s(username):
            started = time.monotonic()
            self.refused(try_login(client, username, "wrong-password"), 401, "unauthorized")
            return time.monotonic() - started

        # By turns, so that a machine that is busy for a while slows both.
        times = [(time_s(name), time_s(fresh("nobody-"))) for name in names]
        wrong, unknown = (statistics.median(each) for each in zip(*times))
        self.assertGreater(unknown, wrong / 3)
        self.assertLess(unknown, wrong * 3)

    def test_guessing_is_slowed_for_the_account_and_for_nobody_else(self):
        account = self.town.account("auditor").me
        client = self.town.client()
        for username in (account["username"], fresh("nobody-")):
            with self.subTest(username=username):
                eventually(lambda: try_login(client, username, "wrong-password").status == 429, what="slowing down")
                answer = try_login(client, username)
                self.refused(answer, 429, "too_many_requests")
                self.assertLessEqual(int(answer.headers["Retry-After"]), FAILURE_WINDOW_S)
        done(try_login(client, self.town.stack.admin_username, self.town.stack.admin_password))
        eventually(lambda: try_login(client, account["username"]).status == 200, what="logging in after the window")

    def test_logins_of_parents_can_be_switched_off(self):
        closed = self.town.stack.start_server(auth__dev_login=False)
        answer = self.town.client(url=closed.url).post("/login/dev", {"openid": "parent", "nickname": "妈妈"})
        self.refused(answer, 404, "not_found")
        closed.stop()


class LoggingOut(AccountCase):
    def test_one_token_ends_and_the_others_stay(self):
        openid = fresh("parent-")
        first, second = self.town.parent(openid), self.town.parent(openid)
        self.assertEqual(first.me, second.me)
        self.assertEqual(first.post("/logout").status, 204)
        self.assert_ended(first)
        self.assert_good(second)

    def test_everywhere_ends_all_tokens_of_the_account_and_none_of_others(self):
        openid = fresh("parent-")
        first, second, stranger = self.town.parent(openid), self.town.parent(openid), self.town.parent()
        self.assertEqual(first.post("/logout?everywhere=true").status, 204)
        for client in (first, second):
            self.assert_ended(client)
        self.assert_good(stranger)
        self.assert_good(self.town.parent(openid))

    def test_an_admin_logs_out_too(self):
        account = self.town.account("auditor")
        second = self.town.admin_login(account.me["username"])
        self.assertEqual(account.post("/logout?everywhere=false").status, 204)
        self.assert_ended(account, "/admin/stations")
        self.assert_good(second, "/admin/stations")
        self.assertEqual(second.post("/logout?everywhere=true").status, 204)
        self.assert_ended(second, "/admin/stations")

    def test_a_second_login_renames_the_user(self):
        openid = fresh("parent-")
        first = self.town.parent(openid)
        again = done(self.town.client().post("/login/dev", {"openid": openid, "nickname": "新名字"}))
        self.assertEqual(again["user"], {"id": first.me["id"], "nickname": "新名字"})
        self.assertEqual(done(first.get("/me"))["user"], again["user"])


class ChangedAccounts(AccountCase):
    def change(self, account, change):
        """Changes the account; `me` follows."""
        account.me = done(self.town.admin.patch(f"/admin/users/{account.me['id']}", change,
                                                f'"{account.me["version"]}"'))

    def test_a_changed_role_takes_effect_at_once_everywhere(self):
        account = self.town.account("auditor")
        self.assert_good(account, "/admin/audit")
        self.change(account, {"role": "staff", "station_id": self.town.station["id"]})
        self.assert_ended(account, "/admin/audit")
        again = self.town.admin_login(account.me["username"])
        self.refused(again.get("/admin/audit"), 403, "forbidden")
        self.refused(again.on(other_server.url).get("/admin/audit"), 403, "forbidden")

    def test_a_block_takes_effect_at_once_everywhere_and_can_be_lifted(self):
        account = self.town.account("auditor")
        self.change(account, {"blocked": True})
        self.assert_ended(account, "/admin/stations")
        self.refused(try_login(self.town.client(), account.me["username"]), 401, "unauthorized")
        self.change(account, {"blocked": False})
        self.refused(account.get("/admin/stations"), 401, "unauthorized")
        self.assert_good(self.town.admin_login(account.me["username"]), "/admin/stations")

    def test_another_station_is_reached_and_the_old_one_is_not(self):
        account = self.town.account("station_admin", self.town.station)
        self.change(account, {"station_id": self.town.other_station["id"]})
        again = self.town.admin_login(account.me["username"])
        done(again.get(f"/admin/stations/{self.town.other_station['id']}"))
        self.refused(again.get(f"/admin/stations/{self.town.station['id']}"), 403, "forbidden")

    def test_a_new_password_replaces_the_old_one(self):
        account = self.town.account("auditor")
        self.change(account, {"password": "another-password"})
        self.assert_ended(account, "/admin/stations")
        self.refused(try_login(self.town.client(), account.me["username"]), 401, "unauthorized")
        done(try_login(self.town.client(), account.me["username"], "another-password"))

    def test_nobody_blocks_or_demotes_themselves(self):
        account = self.town.account("town_admin")
        path = f"/admin/users/{account.me['id']}"
        for change in ({"blocked": True}, {"role": "auditor"}):
            with self.subTest(change=change):
                self.refused(account.patch(path, change, f'"{account.me["version"]}"'), 409, "invalid_state")
        self.assert_good(account, "/admin/users")

    def test_role_and_station_have_to_fit_after_the_change(self):
        account = self.town.account("staff", self.town.station)
        path = f"/admin/users/{account.me['id']}"
        for change in ({"role": "town_admin"}, {"station_id": None}, {"station_id": UNKNOWN_ID}):
            with self.subTest(change=change):
                self.invalid(self.town.admin.patch(path, change, f'"{account.me["version"]}"'), "/station_id")
        self.assert_good(account, "/healthz")

    def test_the_audit_names_who_did_it_and_keeps_no_secret(self):
        account = self.town.account("auditor")
        self.change(account, {"password": "a-password-to-hide"})
        entries = done(self.town.admin.get(f"/admin/audit?subject={account.me['id']}"))["items"]
        self.assertGreaterEqual(len(entries), 2)
        self.assertEqual(len({entry["actor"] for entry in entries}), 1)
        self.assertEqual({entry["address"] for entry in entries}, {"127.0.0.1"})
        self.assertNotIn("a-password-to-hide", str(entries))
        self.assertNotIn("argon2", str(entries))
        newest = entries[0]
        found = done(self.town.admin.get(f"/admin/audit?actor={newest['actor']}&action={newest['action']}&limit=200"))
        self.assertIn(newest, found["items"])


class Tokens(AccountCase):
    def test_forged_and_cut_tokens_are_401(self):
        parent = self.town.parent()
        token = parent.token
        middle = len(token) // 2
        swapped = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1:]
        for wrong in ("x", "Bearer", token[:-1], token[:-5], token[1:], token + "A", token * 2, swapped, token.upper(),
                      token.split(".")[0], token.rsplit(".", 1)[0] + ".", "." * 5, "A" * 5_000, "é" * 40):
            with self.subTest(token=wrong[:60]):
                authorization = b"Bearer " + wrong.encode("latin-1")
                self.refused(parent.get("/me", headers={"Authorization": authorization}), 401, "unauthorized")

    def test_every_changed_letter_is_noticed(self):
        parent = self.town.parent()
        token = parent.token
        for at, letter in enumerate(token[:-1]):
            wrong = token[:at] + ("A" if letter != "A" else "B") + token[at + 1:]
            answer = parent.get("/me", headers={"Authorization": f"Bearer {wrong}"})
            self.refused(answer, 401, "unauthorized")

    def test_other_schemes_are_401(self):
        parent = self.town.parent()
        for authorization in ("", "Bearer", "Bearer ", parent.token, f"Basic {parent.token}", "Basic YTpi"):
            with self.subTest(authorization=authorization[:20]):
                self.refused(parent.get("/me", headers={"Authorization": authorization}), 401, "unauthorized")

    def test_the_scheme_is_read_in_either_case(self):
        parent = self.town.parent()
        done(parent.get("/me", headers={"Authorization": f"bearer {parent.token}"}))

    def test_an_expired_token_is_401_in_every_process(self):
        hasty = self.town.stack.start_server(auth__token_ttl_s=SHORT_TOKEN_TTL_S)
        parent = self.town.client(url=hasty.url)
        parent.token = done(parent.post("/login/dev", {"openid": fresh("parent-"), "nickname": "妈妈"}))["token"]
        eventually(lambda: parent.get("/me").status == 401, what="the token's end")
        self.refused(parent.on(self.town.url).get("/me"), 401, "unauthorized")
        parent.close()
        hasty.stop()

    def test_a_new_key_ends_all_tokens_but_those_of_the_previous_key(self):
        folder = self.town.stack.folder / "secrets"
        new_key = folder / "new_token_key"
        new_key.touch(mode=0o600)
        new_key.write_text("ab" * 32)
        parent = self.town.parent()
        for settings, status in (({}, 401), ({"auth__previous_token_key_file": str(folder / "token_key")}, 200)):
            with self.subTest(settings=settings):
                server = self.town.stack.start_server(auth__token_key_file=str(new_key), **settings)
                elsewhere = parent.on(server.url)
                self.assertEqual(elsewhere.get("/me").status, status)
                elsewhere.close()
                server.stop()

    def test_public_calls_ask_for_no_token(self):
        self.assertEqual(self.town.client(token="nonsense").get("/activities").status, 200)

    def test_a_token_is_for_one_kind_of_account(self):
        parent, child = self.town.family()
        activity = self.town.activity()
        self.refused(parent.get("/admin/stations"), 403, "forbidden")
        self.refused(book(self.town.admin, activity, child), 403, "forbidden")
        made(book(parent, activity, child))


class Cookies(TownCase):
    """The pages' cookie, and what keeps other sites from using it."""

    def setUp(self):
        self.parent = self.town.parent()
        self.browser = self.town.client()
        self.browser.headers = {"Cookie": f"theme=dark; zl={self.parent.token}"}
        self.body = {"name": fresh("孩子"), "birth_date": "2016-05-05", "relation": "parent"}

    def add_child(self, **headers):
        return self.browser.post("/me/attendees", self.body, headers=headers)

    def test_a_login_sets_it_for_pages_only(self):
        answer = self.town.client().post("/login/dev", {"openid": fresh("parent-"), "nickname": "妈妈"})
        pair, *attributes = [part.strip() for part in answer.headers["Set-Cookie"].split(";")]
        self.assertEqual(pair, f"zl={answer.json['token']}")
        names = {attribute.lower() for attribute in attributes}
        self.assertLessEqual({"httponly", "samesite=lax", "path=/"}, names)
        self.assertNotIn("secure", names)

    def test_it_reads(self):
        self.assertEqual(done(self.browser.get("/me"))["user"], self.parent.me)

    def test_a_write_needs_the_own_origin(self):
        for origin in (None, "null", "", "http://evil.example", self.town.url + ".evil.example", self.town.url + "/",
                       self.town.url.replace("http:", "https:"), "http://127.0.0.1"):
            with self.subTest(origin=origin):
                self.refused(self.add_child(Origin=origin), 403, "forbidden")
        self.assertEqual(done(self.browser.get("/me"))["attendees"], [])
        made(self.add_child(Origin=self.town.url))

    def test_a_token_in_the_header_needs_no_origin(self):
        made(self.parent.post("/me/attendees", self.body, headers={"Origin": "http://evil.example"}))

    def test_the_header_goes_before_the_cookie(self):
        self.refused(self.browser.get("/me", headers={"Authorization": "Bearer nonsense"}), 401, "unauthorized")
        other = self.town.parent()
        answer = self.browser.get("/me", headers={"Authorization": f"Bearer {other.token}"})
        self.assertEqual(done(answer)["user"], other.me)

    def test_the_prefixed_name_is_not_taken_on_loopback(self):
        self.browser.headers = {"Cookie": f"__Host-zl={self.parent.token}"}
        self.refused(self.browser.get("/me"), 401, "unauthorized")

    def test_logging_out_takes_it_back(self):
        answer = self.browser.post("/logout", headers={"Origin": self.town.url})
        self.assertEqual(answer.status, 204)
        self.assertIn("max-age=0", answer.headers["Set-Cookie"].lower())
        self.refused(self.browser.get("/me"), 401, "unauthorized")


if __name__ == "__main__":
    unittest.main()
