"""Every operation of the OpenAPI document is called, and every answer is what the document says.

The client checks each answer against the document; here it is made sure that nothing is left out.
"""

import datetime
import time
import unittest

from client import CONTRACT, Client, done, made
from town import PASSWORD, UNKNOWN_ID, TownCase, book, fresh, in_hours, key, parse_instant
from support.wechat_emulator.cipher import Cipher, signature
from support.wechat_emulator.pushes import cdata, text_xml
from wechat_town import AES_KEY, CALLBACK_TOKEN, WechatTownCase

ROLES = ("town_admin", "station_admin", "staff", "auditor")


def setUpModule():
    WechatTownCase.start_town()


def tearDownModule():
    WechatTownCase.stop_town()


def keyed(body, client, path, case):
    """Makes a thing twice with one key: 201, then 200 with the same answer, then 422 for other content."""
    headers = {"Idempotency-Key": key()}
    first = client.post(path, body, headers=headers)
    case.assertEqual(first.status, 201, str(first))
    case.assertTrue(first.headers["Location"].endswith(first.json["id"]), first.headers["Location"])
    again = client.post(path, body, headers={"Idempotency-Key": '"' + headers["Idempotency-Key"] + '"'})
    case.assertEqual((again.status, again.json["id"]), (200, first.json["id"]), str(again))
    return first.json, headers


class Walk(TownCase):
    """One walk through all that a town does."""

    def test_every_operation_and_declared_success_was_exercised(self):
        self.walk_stations()
        programme = self.walk_programmes()
        activity = self.walk_activities(programme)
        parent, child = self.walk_family()
        booking = self.walk_bookings(parent, child, activity)
        self.walk_door(activity, booking)
        self.walk_codes(activity)
        self.walk_cancelling(parent, booking, activity)
        self.walk_accounts()
        self.walk_wechat()
        self.walk_service()
        self.walk_goodbye(parent, child)
        declared = {(op.name, status) for op in CONTRACT.operations for status in op.successes}
        self.assertEqual(declared - CONTRACT.seen, set())

    def walk_stations(self):
        admin, public = self.town.admin, self.town.client()
        body = {"name": fresh("驿站"), "area": None, "parent_id": self.town.station["id"]}
        point, headers = keyed(body, admin, "/admin/stations", self)
        self.assertEqual((point["kind"], point["parent_id"]), ("service_point", self.town.station["id"]))
        self.refused(admin.post("/admin/stations", {"name": "另一个"}, headers=headers), 422, "idempotency_conflict")
        found = admin.get(f"/admin/stations/{point['id']}")
        changed = done(admin.patch(f"/admin/stations/{point['id']}", {"area": "城东"}, found.etag))
        self.assertEqual((changed["area"], changed["version"]), ("城东", point["version"] + 1))
        self.assertIn(changed, done(admin.get("/admin/stations?limit=200"))["items"])
        tree = done(public.get("/stations"))["items"]
        self.assertIn(changed, next(s for s in tree if s["id"] == self.town.station["id"])["points"])
        self.assertEqual(done(public.get(f"/stations/{point['id']}")), {**changed, "points": []})

    def walk_programmes(self):
        admin, public = self.town.admin, self.town.client()
        body = {"station_id": self.town.station["id"], "title": fresh("批次"), "opens_at": in_hours(-1),
                "closes_at": in_hours(24 * 300), "rules": {"max_per_user": 3}}
        programme, _ = keyed(body, admin, "/admin/programmes", self)
        self.assertEqual(programme["rules"], {"max_per_attendee": None, "max_per_user": 3, "forbid_overlap": False,
                                              "cancel_hours": 0})
        path = f"/admin/programmes/{programme['id']}"
        changed = done(admin.patch(path, {"rules": {"max_per_user": None, "cancel_hours": 24}},
                                   admin.get(path).etag))
        self.assertEqual(changed["rules"], {"max_per_attendee": None, "max_per_user": None, "forbid_overlap": False,
                                            "cancel_hours": 24})
        of_station = f"station_id={self.town.station['id']}"
        self.assertIn(changed, done(admin.get(f"/admin/programmes?{of_station}"))["items"])
        self.assertIn(changed, done(public.get(f"/programmes?{of_station}"))["items"])
        self.assertEqual(done(public.get(f"/programmes/{programme['id']}")), changed)
        return programme

    def walk_activities(self, programme):
        admin, public = self.town.admin, self.town.client()
        body = {"programme_id": programme["id"], "kind": "camp", "title": fresh("夏令营"), "capacity": 3,
                "sessions": [{"starts_at": in_hours(50), "ends_at": in_hours(51)},
                             {"starts_at": in_hours(26), "ends_at": in_hours(27), "venue": "二楼"}]}
        draft, _ = keyed(body, admin, "/admin/activities", self)
        self.assertEqual((draft["status"], draft["age_min"], draft["age_max"]), ("draft", 0, 150))
        self.assertEqual([s["venue"] for s in draft["sessions"]], ["二楼", ""])
        self.refused(public.get(f"/activities/{draft['id']}"), 404, "not_found")
        path = f"/admin/activities/{draft['id']}"
        changed = done(admin.patch(path, {"capacity": 2, "description": "带水\n带帽子"}, admin.get(path).etag))
        self.assertEqual((changed["capacity"], changed["description"]), (2, "带水\n带帽子"))
        shown = self.town.publish(draft)
        self.assertEqual((shown["state"], shown["remaining"], shown["capacity"]), ("open", 2, 2))
        listed = done(public.get(f"/activities?programme_id={programme['id']}&kind=camp&state=open&age=7"))["items"]
        self.assertEqual([item["id"] for item in listed], [draft["id"]])
        listed = done(admin.get(f"/admin/activities?programme_id={programme['id']}&status=published"))["items"]
        self.assertEqual([item["id"] for item in listed], [draft["id"]])
        return shown

    def walk_family(self):
        parent = self.town.parent()
        body = {"name": "王小明", "birth_date": "2016-02-29", "relation": "parent", "notes": "花生过敏"}
        child, _ = keyed(body, parent, "/me/attendees", self)
        path = f"/me/attendees/{child['id']}"
        changed = done(parent.patch(path, {"notes": None}, f'"{child["version"]}"'))
        self.assertEqual(changed["notes"], "")
        self.assertEqual(done(parent.get("/me")), {"user": parent.me, "attendees": [changed]})
        return parent, changed

    def walk_bookings(self, parent, child, activity):
        wanted = key()
        first = book(parent, activity, child, wanted)
        booking = made(first)
        self.assertEqual(first.headers["Location"], f"/api/v1/bookings/{booking['id']}")
        self.assertEqual(done(book(parent, activity, child, wanted)), booking)
        self.assertEqual(done(parent.get(f"/bookings/{booking['id']}")), booking)
        item = done(parent.get("/me/bookings"))["items"][0]
        self.assertEqual(item.pop("activity"),
                         {"title": activity["title"], "starts_at": activity["sessions"][0]["starts_at"]})
        self.assertEqual(item, booking)
        return booking

    def walk_door(self, activity, booking):
        staff = self.town.account("staff", self.town.station)
        body = {"session_id": activity["sessions"][0]["id"], "ticket": booking["ticket"]}
        check_in, _ = keyed(body, staff, "/admin/check-ins", self)
        entry = self.town.roster(activity, staff)[0]
        self.assertEqual(entry["attendance"], [{"session_id": check_in["session_id"], "check_in_id": check_in["id"],
                                                "at": check_in["at"]}])
        for ending in ("csv", "xlsx"):
            self.assertEqual(staff.get(f"/admin/activities/{activity['id']}/roster.{ending}").status, 200)
        self.assertEqual(staff.delete(f"/admin/check-ins/{check_in['id']}").status, 204)
        self.assertEqual(self.town.roster(activity, staff)[0]["attendance"], [])

    def walk_cancelling(self, parent, booking, activity):
        self.assertEqual(done(parent.delete(f"/bookings/{booking['id']}")), {**booking, "state": "cancelled"})
        path = f"/admin/activities/{activity['id']}/cancel"
        cancelled = done(self.town.admin.post(path, {"reason": "台风"}))
        self.assertEqual((cancelled["status"], cancelled["state"], cancelled["cancel_reason"]),
                         ("cancelled", "cancelled", "台风"))

    def walk_accounts(self):
        admin = self.town.admin
        body = {"username": fresh("door-"), "password": PASSWORD, "role": "staff",
                "station_id": self.town.station["id"]}
        account, _ = keyed(body, admin, "/admin/users", self)
        self.assertNotIn("password", account)
        changed = done(admin.patch(f"/admin/users/{account['id']}", {"role": "station_admin"},
                                   f'"{account["version"]}"'))
        self.assertEqual(changed["role"], "station_admin")
        self.assertIn(changed, done(admin.get("/admin/users?limit=200"))["items"])
        entries = done(admin.get(f"/admin/audit?subject={account['id']}"))["items"]
        self.assertGreaterEqual(len(entries), 2)
        self.assertEqual([entry["at"] for entry in entries], sorted((e["at"] for e in entries), reverse=True))

    def walk_codes(self, activity):
        admin, session = self.town.admin, activity["sessions"][0]
        self.assertIsNone(done(admin.get(f"/admin/stations/{self.town.station['id']}/wechat-qr"))["expires_at"])
        code = done(admin.get(f"/admin/sessions/{session['id']}/wechat-qr"))
        hour, minute = datetime.timedelta(hours=1), datetime.timedelta(minutes=1)
        self.assertAlmostEqual(parse_instant(code["expires_at"]), parse_instant(session["ends_at"]) + hour, delta=minute)

    def walk_wechat(self):
        platform, public = self.town.platform, self.town.client()
        platform.add_person("o-walker")
        login = done(public.post("/login/wechat-mini", {"code": platform.code("o-walker", mini=True)["code"]}))
        browser = self.town.browser()
        self.assertEqual(browser.log_in("o-walker").status, 302)
        self.assertEqual(done(browser.me())["user"], login["user"])
        self.assertEqual(browser.get("/login/wechat/ended?why=declined").status, 200)
        done(public.get(f"/wechat/js-config?url={self.town.url}/"))
        self.assertEqual(public.get("/MP_verify_closed.txt").body, b"closed")
        self.walk_callback(platform, public)

    def walk_callback(self, platform, public):
        timestamp, nonce, xml = str(int(time.time())), "415670741", text_xml("gh_1", "o-walker", 1, "帮助", "1")
        encrypted = Cipher(AES_KEY, platform.account.settings.appid).seal(xml)
        signed = f"timestamp={timestamp}&nonce={nonce}"
        check = f"{signed}&signature={signature(CALLBACK_TOKEN, timestamp, nonce)}&echostr=7"
        self.assertEqual(public.get("/wechat/callback?" + check).body, b"7")
        query = f"{signed}&encrypt_type=aes&msg_signature={signature(CALLBACK_TOKEN, timestamp, nonce, encrypted)}"
        answer = public.call("POST", "/wechat/callback?" + query, data=f"<xml>{cdata('Encrypt', encrypted)}</xml>".encode(),
                             headers={"Content-Type": "text/xml"})
        self.assertEqual(answer.status, 200)

    def walk_service(self):
        public = self.town.client()
        self.assertEqual(public.get("/api/v1/openapi.json").body, CONTRACT.text)
        for code in CONTRACT.document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]:
            self.assertEqual(public.get(f"/problems/{code}").status, 200, code)
        self.refused(public.get("/problems/no_such_code"), 404, "not_found")
        done(public.get("/time"))
        done(public.get("/healthz"))
        done(public.get("/readyz"))
        metrics = public.get("/metrics")
        self.assertEqual(metrics.status, 200)
        for name in ("http_requests_total", "booking_stage_seconds", "seats_granted_total", "seats_refused_total",
                     "ledger_queue_seconds", "redis_up", "ledger_up"):
            self.assertIn(f"zhonglou_{name}", metrics.body.decode())

    def walk_goodbye(self, parent, child):
        self.assertEqual(parent.delete(f"/me/attendees/{child['id']}").status, 204)
        self.assertEqual(done(parent.get("/me"))["attendees"], [])
        self.assertEqual(parent.post("/logout").status, 204)
        self.refused(parent.get("/me"), 401, "unauthorized")


class EveryOperation(TownCase):
    """Rules that hold for each operation, taken from the document."""

    @classmethod
    def setUpClass(cls):
        cls.parent = cls.town.parent()

    def client_for(self, operation):
        return self.town.admin if operation.roles else self.parent

    def call(self, operation, client, path, **kwargs):
        """A well-formed call; what `kwargs` says goes before."""
        headers = {}
        if operation.parameter("If-Match"):
            headers["If-Match"] = "*"
        if operation.parameter("Idempotency-Key"):
            headers["Idempotency-Key"] = key()
        kwargs.setdefault("body", operation.example_body)
        headers.update(kwargs.pop("headers", {}))
        return client.call(operation.method, path, headers=headers, **kwargs)

    def each(self, choose, check):
        chosen = [operation for operation in CONTRACT.operations if choose(operation)]
        self.assertNotEqual(chosen, [])
        for operation in chosen:
            with self.subTest(str(operation)):
                check(operation)

    def test_without_a_token_is_401(self):
        def check(operation):
            answer = self.call(operation, self.town.client(), operation.path(id=UNKNOWN_ID))
            self.refused(answer, 401, "unauthorized")

        self.each(lambda op: op.needs_login, check)

    def test_an_unknown_or_malformed_id_is_404(self):
        def check(operation):
            for unknown in (UNKNOWN_ID, "F" * 32, "f" * 31, "1", "%00", "..%2f"):
                answer = self.call(operation, self.client_for(operation), operation.path(id=unknown))
                self.refused(answer, 404, "not_found")

        self.each(lambda op: "{id}" in op.template, check)

    def test_an_unknown_member_of_the_body_is_400(self):
        def check(operation):
            body = {**operation.example_body, "colour": "red"}
            answer = self.call(operation, self.client_for(operation), operation.path(id=UNKNOWN_ID), body=body)
            self.invalid(answer, "/colour")

        self.each(lambda op: op.example_body is not None, check)

    def test_a_body_that_is_not_an_object_is_400(self):
        def check(operation):
            for data in (b"[]", b"null", b"7", b'"x"', b""):
                self.invalid(self.call(operation, self.client_for(operation), operation.path(id=UNKNOWN_ID),
                                       body=None, data=data))

        self.each(lambda op: op.example_body is not None, check)

    def test_another_content_type_is_415(self):
        def check(operation):
            for media_type in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", None):
                answer = self.call(operation, self.client_for(operation), operation.path(id=UNKNOWN_ID),
                                   headers={"Content-Type": media_type})
                self.refused(answer, 415, "unsupported_media_type")

        self.each(lambda op: op.example_body is not None, check)

    def test_an_unknown_query_parameter_is_400(self):
        def check(operation):
            answer = self.client_for(operation).get(operation.template + "?colour=red")
            self.invalid(answer, "?colour")

        self.each(lambda op: op.method == "GET" and op.template.startswith("/api/") and "{" not in op.template
                  and not op.open_query, check)

    def test_a_limit_or_cursor_out_of_bounds_is_400(self):
        def check(operation):
            client = self.client_for(operation)
            for query in ("limit=0", "limit=201", "limit=ten", "limit=", "limit=5&limit=6"):
                self.invalid(client.get(f"{operation.template}?{query}"), "?limit")
            for query in ("cursor=", "cursor=nonsense", "cursor=" + "x" * 201, "cursor=%00"):
                self.invalid(client.get(f"{operation.template}?{query}"), "?cursor")

        self.each(lambda op: op.parameter("limit") and "{" not in op.template, check)

    def test_another_method_is_405_with_the_methods_of_the_path(self):
        for path in sorted({operation.path(id=UNKNOWN_ID, code="closed") for operation in CONTRACT.operations}):
            allowed = CONTRACT.methods_of(path)
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
                with self.subTest(method=method, path=path):
                    answer = self.town.admin.call(method, path)
                    self.refused(answer, 405, "method_not_allowed")
                    named = {name.strip() for name in answer.headers["Allow"].split(",")}
                    self.assertEqual(named - {"HEAD", "OPTIONS"}, allowed)

    def test_an_unknown_path_is_404(self):
        for path in ("/api/v1/", "/api/v1/nothing", "/api/v2/time", "/api/v1/me/", "/api/v1//me",
                     "/api/v1/admin/users/", "/api/v1/me/attendees/a/b"):
            for method in ("GET", "POST", "DELETE"):
                self.refused(self.town.client().call(method, path), 404, "not_found")


class Roles(TownCase):
    """Each role against each admin route gives what `x-roles` says."""

    @classmethod
    def setUpClass(cls):
        cls.callers = {role: cls.town.account(role, cls.town.station if role in ("station_admin", "staff") else None)
                       for role in ROLES}

    def test_every_admin_route_but_the_login_names_its_roles(self):
        for operation in CONTRACT.operations:
            is_admin = operation.template.startswith("/api/v1/admin/") and operation.name != "adminLogin"
            self.assertEqual(bool(operation.roles), is_admin, str(operation))
            if is_admin:
                self.assertIn("town_admin", operation.roles)
                self.assertLessEqual(set(operation.roles), set(ROLES))

    def test_the_auditor_reads_and_the_staff_keep_the_door(self):
        for operation in CONTRACT.operations:
            if operation.roles:
                self.assertEqual("auditor" in operation.roles, operation.method == "GET", str(operation))
                at_the_door = "check-ins" in operation.template or "/roster" in operation.template
                self.assertEqual("staff" in operation.roles, at_the_door, str(operation))

    def test_a_role_is_let_in_exactly_where_the_table_says(self):
        for operation in CONTRACT.operations:
            for role in ROLES if operation.roles else ():
                with self.subTest(operation=str(operation), role=role):
                    answer = self.call(operation, self.callers[role])
                    if role in operation.roles:
                        self.assertNotIn(answer.status, (401, 403), str(answer))
                        self.assertLess(answer.status, 500, str(answer))
                    else:
                        self.refused(answer, 403, "forbidden")

    def test_a_parent_is_let_in_nowhere(self):
        parent = self.town.parent()
        for operation in CONTRACT.operations:
            if operation.roles:
                with self.subTest(str(operation)):
                    self.refused(self.call(operation, parent), 403, "forbidden")

    def test_an_admin_is_no_parent(self):
        for operation in CONTRACT.operations:
            if operation.needs_login and not operation.roles and operation.name != "logout":
                with self.subTest(str(operation)):
                    self.refused(self.call(operation, self.town.admin), 403, "forbidden")

    @staticmethod
    def call(operation, client):
        headers = {"If-Match": "*", "Idempotency-Key": key()}
        return client.call(operation.method, operation.path(id=UNKNOWN_ID), operation.example_body, headers=headers)


class Versions(TownCase):
    """PATCH needs the ETag of what it changes."""

    def check(self, client, path, change, etag):
        for wrong in (None, '"999"', "1", 'W/"1"', '"1', "nonsense"):
            with self.subTest(path=path, if_match=wrong):
                self.refused(client.patch(path, change, wrong), 412, "version_mismatch")
        changed = client.patch(path, change, etag)
        self.assertEqual(changed.status, 200, str(changed))
        self.assertNotEqual(changed.etag, etag)
        self.refused(client.patch(path, change, etag), 412, "version_mismatch")
        self.assertEqual(client.patch(path, change, "*").status, 200)

    def test_a_missing_or_old_version_is_412(self):
        town = self.town
        station, programme = town.new_station(), town.programme()
        draft = town.draft(programme)
        for path, thing in (("stations", station), ("programmes", programme), ("activities", draft)):
            change = {"name": fresh("新名")} if path == "stations" else {"title": fresh("新名")}
            full = f"/admin/{path}/{thing['id']}"
            self.check(town.admin, full, change, town.admin.get(full).etag)
        account = town.account("staff", town.station).me
        self.check(town.admin, f"/admin/users/{account['id']}", {"blocked": True}, f'"{account["version"]}"')
        parent, child = town.family()
        self.check(parent, f"/me/attendees/{child['id']}", {"notes": "新"}, f'"{child["version"]}"')


class ServedByTheLetter(TownCase):
    def test_each_answer_has_a_request_id_of_its_own(self):
        client = Client(self.town.url)
        ids = {client.get("/time").headers["X-Request-Id"] for _ in range(20)}
        client.close()
        self.assertEqual(len(ids), 20)

    def test_details_follow_the_language(self):
        client = self.town.client()
        chinese = client.get("/me", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).json["detail"]
        english = client.get("/me", headers={"Accept-Language": "en-GB,en;q=0.8"}).json["detail"]
        self.assertTrue(any("\u4e00" <= letter <= "\u9fff" for letter in chinese), chinese)
        self.assertTrue(english.isascii(), english)
        self.assertEqual(client.get("/me").json["detail"], chinese)

    def test_pages_fit_together(self):
        programme = self.town.programme()
        wanted = [self.town.activity(programme, starts_in=48 + n // 2)["id"] for n in range(5)]
        for path, client in (("/activities", self.town.client()), ("/admin/activities", self.town.admin)):
            found, cursor = [], ""
            while cursor is not None:
                page = done(client.get(f"{path}?programme_id={programme['id']}&limit=2" + cursor))
                self.assertLessEqual(len(page["items"]), 2)
                found += page["items"]
                cursor = page["next_cursor"] and "&cursor=" + page["next_cursor"]
            self.assertEqual(sorted(item["id"] for item in found), sorted(wanted))
            order = [(item["sessions"][0]["starts_at"], item["id"]) for item in found]
            self.assertEqual(order, sorted(order))


if __name__ == "__main__":
    unittest.main()
