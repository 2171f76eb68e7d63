"""Bad input gets a clear problem document and changes nothing."""

import datetime
import json
import unittest

from client import done, made
from town import PASSWORD, UNKNOWN_ID, TownCase, Unchanged, book, fresh, in_hours, key, now


def setUpModule():
    TownCase.start_town()


def tearDownModule():
    TownCase.stop_town()


class BrokenJson(Unchanged):
    def test_what_is_not_json_is_400(self):
        texts = (b"", b" ", b"{", b'{"name": ', b'{"name" "x"}', b'{"name": "x",}', b"{'name': 'x'}",
                 b'{"name": "x"} y', b'{"name": "x"}{}', b'{"name": NaN}', b'{"name": 1e999}', b'{"name": 01}',
                 b'{"name": "x" /* y */}',
                 b'\xef\xbb\xbf{"name": "x"}', b'{"name": "a\nb"}', b'{"name": "\\x41"}', b'{"name": tru}', b"\x00")
        for text in texts:
            with self.subTest(text=text):
                self.invalid(self.town.admin.post("/admin/stations", data=text))

    def test_deep_json_is_400(self):
        for text in (b"[" * 30_000, b'{"a":' * 10_000, b"[" * 20 + b"]" * 20, b'{"name":' * 20 + b"1" + b"}" * 20):
            with self.subTest(text=text[:20], size=len(text)):
                self.invalid(self.town.admin.post("/admin/stations", data=text))

    def test_invalid_utf_8_is_400(self):
        for broken in (b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80", b"\xe4\xb8"):
            with self.subTest(broken=broken):
                self.invalid(self.town.admin.post("/admin/stations", data=b'{"name": "' + broken + b'"}'))

    def test_half_a_surrogate_pair_is_400(self):
        for broken in (b"\\ud83d", b"\\ude00", b"\\ud83dx", b"\\ude00\\ud83d"):
            with self.subTest(broken=broken):
                self.invalid(self.town.admin.post("/admin/stations", data=b'{"name": "' + broken + b'"}'))


NOT_TEXT = (7, 1.5, True, None, [], {})
NOT_LINE = ("", "   ", "\u3000", "a\u0000b", "a\nb", "a\tb", "\u001b[31m", "a\u007f", "a\u0085", "a\u202eb", "a\u2066b",
            *NOT_TEXT)
NOT_INSTANT = ("2027-02-30T09:00:00+08:00", "2027-02-29T09:00:00+08:00", "2027-13-01T09:00:00+08:00",
               "2027-00-01T09:00:00+08:00", "2027-07-06T24:00:00+08:00", "2027-07-06T09:60:00+08:00",
               "2027-07-06T23:59:60Z", "2027-07-06T09:00:00", "2027-07-06T09:00:00+25:00", "2027-07-06T09:00+08:00",
               "2027-07-06", "2027-07-06 09:00:00+08:00", "1899-12-31T09:00:00Z", "9999-01-01T00:00:00Z", "tomorrow",
               "", 1_781_920_801_250, None, True, [])
NOT_DATE = ("2015-02-29", "2016-02-30", "2016-04-31", "2016-13-01", "2016-00-10", "2016-05-00", "2016-5-5", "20160505",
            "16-05-05", "2016-05-05T00:00:00Z", " 2016-05-05", "1899-12-31", "9999-12-31", "", 20160505, None, [])
NOT_ID = ("", "x", "f" * 31, "f" * 33, "F" * 32, "g" * 32, 5, None, [])
NOT_COUNT = (-1, 1.5, "10", True, None, [], 2**31, 2**63, 10**30)


class WrongFields(Unchanged):
    """Each wrong value of each field is refused with a pointer to that field."""

    def check(self, send, body, wrong):
        """`wrong` maps a pointer to the values that must not stand there."""
        for pointer, values in wrong.items():
            for value in values:
                with self.subTest(pointer=pointer, value=value):
                    self.invalid(send(placed(body, pointer, value)), pointer)

    def check_missing(self, send, body, names):
        for name in names:
            with self.subTest(missing=name):
                self.invalid(send({k: v for k, v in body.items() if k != name}), f"/{name}")

    def test_activities(self):
        body = {"programme_id": self.programme["id"], "kind": "class", "title": "手工", "description": "", "age_min": 6,
                "age_max": 12, "capacity": 10,
                "sessions": [{"starts_at": in_hours(24), "ends_at": in_hours(25), "venue": ""}]}
        session = body["sessions"][0]

        def send(wrong):
            return self.town.admin.post("/admin/activities", wrong)

        self.check(send, body, {
            "/programme_id": (UNKNOWN_ID, *NOT_ID),
            "/kind": ("party", "", "Class", *NOT_TEXT),
            "/title": ("x" * 101, *NOT_LINE),
            "/description": ("x" * 4001, "a\u0007b", "a\u0000", "a\u202eb", 7, []),
            "/age_min": (151, *NOT_COUNT),
            "/age_max": (151, 5, *NOT_COUNT),
            "/capacity": (0, 100_001, 1_000_000, *NOT_COUNT),
            "/sessions": ([], [session] * 61, {}, "x", None),
            "/sessions/0": (7, None, [], "x"),
            "/sessions/0/starts_at": NOT_INSTANT,
            "/sessions/0/ends_at": (session["starts_at"], in_hours(23), in_hours(24 + 25), *NOT_INSTANT),
            "/sessions/0/venue": ("x" * 101, "a\nb", 7, []),
            "/sessions/0/colour": ("red",),
            "/colour": ("red", None),
        })
        self.check_missing(send, body, ("programme_id", "kind", "title", "capacity", "sessions"))
        self.invalid(send({**body, "sessions": [session] * 60}))
        meeting = {**session, "starts_at": in_hours(24.5), "ends_at": in_hours(25.5)}
        self.invalid(send({**body, "sessions": [session, meeting]}), "/sessions/1")

    def test_changed_activities(self):
        path = f"/admin/activities/{self.activity['id']}"

        def send(wrong):
            return self.town.admin.patch(path, wrong, "*")

        self.check(send, {}, {
            "/title": ("x" * 101, *NOT_LINE),
            "/age_min": (151, *NOT_COUNT),
            "/capacity": (0, 1_000_000, *NOT_COUNT),
            "/sessions": ([], None, "x"),
            "/kind": ("camp",),
            "/programme_id": (self.programme["id"],),
            "/status": ("published",),
            "/version": (1,),
        })
        self.invalid(send({"age_min": 9, "age_max": 8}))

    def test_programmes(self):
        body = {"station_id": self.town.station["id"], "title": "暑期", "opens_at": in_hours(1), "closes_at": in_hours(2),
                "rules": {"max_per_attendee": 2, "max_per_user": 4, "forbid_overlap": True, "cancel_hours": 24}}

        def send(wrong):
            return self.town.admin.post("/admin/programmes", wrong)

        self.check(send, body, {
            "/station_id": (UNKNOWN_ID, *NOT_ID),
            "/title": ("x" * 101, *NOT_LINE),
            "/opens_at": NOT_INSTANT,
            "/closes_at": (body["opens_at"], in_hours(0.5), *NOT_INSTANT),
            "/rules": ([], 7, "x"),
            "/rules/max_per_attendee": (0, 1001, -1, 1.5, "2", True, 2**63),
            "/rules/max_per_user": (0, 1001, -1, 1.5, "4", True, 2**63),
            "/rules/forbid_overlap": (0, 1, "true", None, []),
            "/rules/cancel_hours": (8761, *NOT_COUNT),
            "/rules/colour": ("red",),
            "/colour": ("red",),
        })
        self.check_missing(send, body, ("station_id", "title", "opens_at", "closes_at"))
        path = f"/admin/programmes/{self.programme['id']}"
        self.invalid(self.town.admin.patch(path, {"closes_at": in_hours(-20)}, "*"))
        self.invalid(self.town.admin.patch(path, {"title": None}, "*"), "/title")

    def test_stations(self):
        def send(wrong):
            return self.town.admin.post("/admin/stations", wrong)

        self.check(send, {"name": "服务站", "area": "城南", "parent_id": self.town.station["id"]}, {
            "/name": ("x" * 51, *NOT_LINE),
            "/area": ("x" * 51, "a\nb", 7, []),
            "/parent_id": (self.point["id"], UNKNOWN_ID, *(value for value in NOT_ID if value is not None)),
            "/kind": ("station",),
        })

    def test_accounts(self):
        body = {"username": fresh("account-"), "password": PASSWORD, "role": "staff",
                "station_id": self.town.station["id"]}

        def send(wrong):
            return self.town.admin.post("/admin/users", wrong)

        self.check(send, body, {
            "/username": ("", "ab", "x" * 33, "Admin", "a b c", "门卫门卫", "a\u0000bc", "abc\n", *NOT_TEXT),
            "/password": ("", "x" * 9, "x" * 129, *NOT_TEXT),
            "/role": ("king", "", *NOT_TEXT),
            "/station_id": (UNKNOWN_ID, *NOT_ID),
            "/blocked": (True,),
        })
        self.invalid(send({**body, "role": "town_admin"}), "/station_id")
        self.invalid(send({**body, "role": "station_admin", "station_id": None}), "/station_id")
        taken = {**body, "username": self.town.stack.admin_username}
        self.refused(send(taken), 409, "invalid_state")

    def test_attendees(self):
        tomorrow = (now().date() + datetime.timedelta(days=1)).isoformat()
        wrong = {
            "/name": ("x" * 51, *NOT_LINE),
            "/birth_date": (tomorrow, *NOT_DATE),
            "/relation": ("uncle", "", *NOT_TEXT),
            "/notes": ("x" * 501, "a\u0000b", "a\u0007", 7, []),
            "/id": (UNKNOWN_ID,),
        }
        body = {"name": "小明", "birth_date": "2016-05-05", "relation": "parent", "notes": ""}
        path = f"/me/attendees/{self.child['id']}"

        def send(body):
            return self.parent.post("/me/attendees", body)

        self.check(send, body, wrong)
        self.check_missing(send, body, ("name", "birth_date", "relation"))
        self.check(lambda change: self.parent.patch(path, change, "*"), {}, wrong)
        same = {**body, "name": self.child["name"], "birth_date": self.child["birth_date"]}
        self.invalid(self.parent.post("/me/attendees", same))

    def test_dev_logins(self):
        client = self.town.client()
        self.check(lambda wrong: client.post("/login/dev", wrong), {"openid": "someone", "nickname": "妈妈"}, {
            "/openid": ("", "x" * 129, "a b", "a\u0000", "妈妈", *NOT_TEXT),
            "/nickname": ("x" * 51, *NOT_LINE),
            "/user": ({},),
        })

    def test_bookings_and_check_ins(self):
        path = f"/activities/{self.activity['id']}/bookings"
        self.check(lambda wrong: self.parent.post(path, wrong, headers={"Idempotency-Key": key()}), {}, {
            "/attendee_id": NOT_ID,
        })
        session_id = self.activity["sessions"][0]["id"]
        self.check(lambda wrong: self.town.admin.post("/admin/check-ins", wrong),
                   {"session_id": session_id, "booking_id": self.booking["id"]},
                   {"/session_id": NOT_ID, "/booking_id": NOT_ID})
        for which in ({}, {"booking_id": self.booking["id"], "ticket": self.booking["ticket"]},
                      {"ticket": "z1." + "A" * 300}, {"ticket": ""}, {"ticket": 5}):
            with self.subTest(which=which):
                self.invalid(self.town.admin.post("/admin/check-ins", {"session_id": session_id, **which}))

    def test_reasons(self):
        path = f"/admin/activities/{self.activity['id']}/cancel"
        self.check(lambda wrong: self.town.admin.post(path, wrong), {}, {
            "/reason": ("", "  ", "x" * 501, "a\u0000b", *NOT_TEXT),
        })

    def test_queries(self):
        queries = {
            "/activities": ("kind=party", "state=shut", "age=-1", "age=151", "age=six", "age=6.5", "from=yesterday",
                            "from=2027-07-06T09:00:00", "to=2027-02-30T00:00:00Z", "q=", "q=" + "x" * 101, "q=%ff",
                            "q=%00", "station_id=x", "programme_id=" + "F" * 32, "age=6&age=7"),
            "/programmes": ("station_id=x", "station_id="),
            "/admin/activities": ("status=gone", "state=draft"),
            "/admin/audit": ("actor=me", "from=now", "action=%ff", "subject=x"),
        }
        for path, texts in queries.items():
            for text in texts:
                with self.subTest(path=path, query=text):
                    self.invalid(self.town.admin.get(f"{path}?{text}"), "?" + text.partition("=")[0])

    def test_all_faults_are_named_together(self):
        problem = self.invalid(self.town.admin.post("/admin/stations", {"name": "", "area": 7, "colour": "red"}))
        self.assertEqual({error["pointer"] for error in problem["errors"]}, {"/name", "/area", "/colour"})


def placed(body, pointer, value):
    """A copy of the body with the value at the pointer."""
    copy = json.loads(json.dumps(body))
    *way, last = pointer.strip("/").split("/")
    place = copy
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = value
    return copy


class AtTheLimit(TownCase):
    """What is just within the limits is taken."""

    def test_the_longest_texts_and_extreme_numbers(self):
        town = self.town
        activity = town.draft(town.programme(max_per_attendee=1, max_per_user=1000, cancel_hours=8760), 100_000,
                              title="🎉" * 100, description="字" * 3_999 + "\n", age_min=150, age_max=150)
        self.assertEqual((activity["title"], len(activity["description"].rstrip("\n")), activity["capacity"]),
                         ("🎉" * 100, 3_999, 100_000))
        parent = town.parent()
        body = {"name": "字" * 50, "birth_date": "1900-01-01", "relation": "self", "notes": "记" * 500}
        self.assertEqual(made(parent.post("/me/attendees", body))["notes"], body["notes"])
        today = {**body, "name": "今天", "birth_date": now().date().isoformat(), "notes": ""}
        made(parent.post("/me/attendees", today))
        sessions = [{"starts_at": in_hours(n), "ends_at": in_hours(n + 1)} for n in range(1, 61)]
        self.assertEqual(len(town.draft(town.programme(), 1, kind="camp", sessions=sessions)["sessions"]), 60)

    def test_instants_are_taken_with_any_offset_and_told_in_the_towns(self):
        body = {"station_id": self.town.station["id"], "title": "时区", "opens_at": "2027-07-06T01:00:00.1239Z",
                "closes_at": "2027-07-06T00:00:00-05:00"}
        programme = made(self.town.admin.post("/admin/programmes", body))
        self.assertEqual((programme["opens_at"], programme["closes_at"]),
                         ("2027-07-06T09:00:00.123+08:00", "2027-07-06T13:00:00.000+08:00"))

    def test_ten_attendees_and_no_eleventh(self):
        parent = self.town.parent()
        for _ in range(10):
            self.town.child(parent)
        body = {"name": "第十一", "birth_date": "2016-05-05", "relation": "parent"}
        self.refused(parent.post("/me/attendees", body), 409, "invalid_state")
        self.assertEqual(len(done(parent.get("/me"))["attendees"]), 10)


class OtherPeople(Unchanged):
    def test_another_users_ids_are_404(self):
        stranger = self.town.parent()
        path = f"/me/attendees/{self.child['id']}"
        self.refused(stranger.patch(path, {"name": "我的"}, f'"{self.child["version"]}"'), 404, "not_found")
        self.refused(stranger.delete(path), 404, "not_found")
        self.refused(book(stranger, self.activity, self.child), 404, "not_found")
        self.refused(stranger.get(f"/bookings/{self.booking['id']}"), 404, "not_found")
        self.refused(stranger.delete(f"/bookings/{self.booking['id']}"), 404, "not_found")


class IdempotencyKeys(Unchanged):
    MALFORMED = ("short-7", "x" * 65, "has space", "colon:here", '"unclosed-key', 'unopened-key"', '""', "键键键键键键键键",
                 "semi;colon", '"quoted"more')

    def test_a_booking_without_a_key_is_400(self):
        path = f"/activities/{self.activity['id']}/bookings"
        for headers in ({}, {"Idempotency-Key": ""}):
            self.invalid(self.parent.post(path, {"attendee_id": self.child["id"]}, headers=headers), "Idempotency-Key")

    def test_a_malformed_key_is_400_wherever_one_is_taken(self):
        calls = ((self.parent, f"/activities/{self.activity['id']}/bookings", {"attendee_id": self.child["id"]}),
                 (self.parent, "/me/attendees", {"name": "小红", "birth_date": "2016-05-05", "relation": "parent"}),
                 (self.town.admin, "/admin/stations", {"name": "服务站"}))
        for client, path, body in calls:
            for malformed in self.MALFORMED:
                with self.subTest(path=path, key=malformed):
                    headers = {"Idempotency-Key": malformed.encode()}
                    self.invalid(client.post(path, body, headers=headers), "Idempotency-Key")


if __name__ == "__main__":
    unittest.main()
