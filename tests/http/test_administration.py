"""What admins may do: where, and what may still change once something is booked."""

import unittest

from client import done, made
from town import TownCase, all_pages, book, in_hours, insist


def setUpModule():
    TownCase.start_town()


def tearDownModule():
    TownCase.stop_town()


class Drafts(TownCase):
    def test_a_draft_is_404_in_public(self):
        programme = self.town.programme()
        draft = self.town.draft(programme)
        parent, child = self.town.family()
        self.refused(parent.get(f"/activities/{draft['id']}"), 404, "not_found")
        self.refused(book(parent, draft, child), 404, "not_found")
        self.assertEqual(all_pages(parent, f"/activities?programme_id={programme['id']}"), [])


class Stations(TownCase):
    """An admin reaches their station and its points, and no other."""

    @classmethod
    def setUpClass(cls):
        town = cls.town
        cls.point = town.new_station(town.station)
        cls.own = town.activity(town.programme(cls.point))
        cls.foreign_programme = town.programme(town.other_station)
        cls.foreign = town.activity(cls.foreign_programme)
        cls.parent, cls.child = town.family()
        cls.bookings = [made(book(cls.parent, activity, cls.child)) for activity in (cls.own, cls.foreign)]
        cls.manager = town.account("station_admin", town.station)
        cls.staff = town.account("staff", town.station)

    def test_a_station_admin_changes_its_own_and_not_another(self):
        path = f"/admin/activities/{self.own['id']}"
        etag = self.manager.get(path).etag
        self.assertEqual(done(self.manager.patch(path, {"description": "带剪刀"}, etag))["description"], "带剪刀")
        path = f"/admin/activities/{self.foreign['id']}"
        before = done(self.town.admin.get(path))
        self.refused(self.manager.get(path), 403, "forbidden")
        self.refused(self.manager.patch(path, {"title": "我的"}, "*"), 403, "forbidden")
        self.refused(self.manager.post(path + "/publish"), 403, "forbidden")
        self.refused(self.manager.post(path + "/cancel", {"reason": "没有"}), 403, "forbidden")
        programme_path = f"/admin/programmes/{self.foreign_programme['id']}"
        self.refused(self.manager.patch(programme_path, {"title": "我的"}, "*"), 403, "forbidden")
        self.refused(self.manager.patch(f"/admin/stations/{self.town.other_station['id']}", {"area": "我"}, "*"),
                     403, "forbidden")
        body = {"station_id": self.town.other_station["id"], "title": "我的", "opens_at": in_hours(1),
                "closes_at": in_hours(2)}
        self.refused(self.manager.post("/admin/programmes", body), 403, "forbidden")
        body = {"programme_id": self.foreign_programme["id"], "kind": "class", "title": "我的", "capacity": 1,
                "sessions": [{"starts_at": in_hours(1), "ends_at": in_hours(2)}]}
        self.refused(self.manager.post("/admin/activities", body), 403, "forbidden")
        after = done(self.town.admin.get(path))
        self.assertEqual({**after, "server_time": None}, {**before, "server_time": None})

    def test_lists_leave_other_stations_out(self):
        stations = {item["id"] for item in all_pages(self.manager, "/admin/stations")}
        self.assertIn(self.point["id"], stations)
        self.assertNotIn(self.town.other_station["id"], stations)
        programmes = {item["id"] for item in all_pages(self.manager, "/admin/programmes")}
        self.assertNotIn(self.foreign_programme["id"], programmes)
        activities = {item["id"] for item in all_pages(self.manager, "/admin/activities")}
        self.assertIn(self.own["id"], activities)
        self.assertNotIn(self.foreign["id"], activities)

    def test_the_door_of_another_station_stays_shut(self):
        self.refused(self.staff.get(f"/admin/activities/{self.foreign['id']}/roster"), 403, "forbidden")
        body = {"session_id": self.foreign["sessions"][0]["id"], "ticket": self.bookings[1]["ticket"]}
        self.refused(self.staff.post("/admin/check-ins", body), 403, "forbidden")
        foreign = made(self.town.admin.post("/admin/check-ins", body))
        self.refused(self.staff.delete(f"/admin/check-ins/{foreign['id']}"), 403, "forbidden")
        entry, = self.town.roster(self.foreign)
        self.assertEqual(len(entry["attendance"]), 1)
        body = {"session_id": self.own["sessions"][0]["id"], "ticket": self.bookings[0]["ticket"]}
        made(self.staff.post("/admin/check-ins", body))


class Changing(TownCase):
    """What an admin may still change once something is booked."""

    def setUp(self):
        self.programme = self.town.programme()
        self.activity = self.town.activity(self.programme, capacity=3)
        self.bookings = [(parent, made(book(parent, self.activity, child)))
                         for parent, child in (self.town.family() for _ in range(2))]
        self.path = f"/admin/activities/{self.activity['id']}"

    def change(self, path, change):
        return self.town.admin.patch(path, change, self.town.admin.get(path).etag)

    def test_capacity_moves_but_never_below_what_is_taken(self):
        problem = self.refused(self.change(self.path, {"capacity": 1}), 409, "invalid_state")
        self.assertEqual(problem["seats_taken"], 2)
        self.assertEqual(done(self.change(self.path, {"capacity": 2}))["capacity"], 2)
        parent, child = self.town.family()
        self.rule_broken(book(parent, self.activity, child), "sold_out")
        self.assertEqual(done(self.change(self.path, {"capacity": 3}))["capacity"], 3)
        made(insist(parent, self.activity, child, "sold_out"))

    def test_ages_sessions_times_and_rules_stay_while_booked(self):
        sessions = [{"starts_at": in_hours(70), "ends_at": in_hours(71), "venue": ""}]
        programme_path = f"/admin/programmes/{self.programme['id']}"
        frozen = ((self.path, {"age_min": 3}), (self.path, {"sessions": sessions}),
                  (programme_path, {"opens_at": in_hours(-2)}), (programme_path, {"rules": {"max_per_user": 1}}))
        for path, change in frozen:
            with self.subTest(change=change):
                self.refused(self.change(path, change), 409, "invalid_state")
        self.assertEqual(done(self.change(programme_path, {"title": "改名"}))["title"], "改名")
        self.assertEqual(done(self.change(self.path, {"title": "改名"}))["title"], "改名")
        for parent, booking in self.bookings:
            done(parent.delete(f"/bookings/{booking['id']}"))
        for path, change in frozen:
            with self.subTest(change=change):
                done(self.change(path, change))

    def test_a_cancelled_activity_is_not_published_or_changed_again(self):
        done(self.town.admin.post(self.path + "/cancel", {"reason": "停电"}))
        self.assertEqual(done(self.town.admin.post(self.path + "/cancel", {"reason": "别的"}))["cancel_reason"], "停电")
        self.refused(self.town.admin.post(self.path + "/publish"), 409, "invalid_state")
        self.refused(self.change(self.path, {"title": "改名"}), 409, "invalid_state")


if __name__ == "__main__":
    unittest.main()
