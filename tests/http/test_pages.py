"""The pages that everybody reads: lists of activities, and one activity."""

import unittest

from client import done, made
from town import TownCase, all_pages, book, eventually, fresh


def setUpModule():
    TownCase.start_town()


def tearDownModule():
    TownCase.stop_town()


def without_time(activity):
    return {name: value for name, value in activity.items() if name != "server_time"}


class Pages(TownCase):
    def setUp(self):
        self.station = self.town.new_station()
        self.programme = self.town.programme(self.station)
        self.visitor = self.town.client()

    def detail(self, activity):
        return done(self.visitor.get(f"/activities/{activity['id']}"))

    def listed(self, limit=200):
        return all_pages(self.visitor, f"/activities?programme_id={self.programme['id']}", limit)

    def see(self, activity, **members):
        """Waits until page and list show these members."""
        def seen():
            shown = self.detail(activity)
            return shown if all(shown[name] == value for name, value in members.items()) else None
        shown = eventually(seen, what=f"{members}")
        entry, = (entry for entry in self.listed() if entry["id"] == activity["id"])
        self.assertEqual(without_time(entry), without_time(shown))

    def test_a_list_shows_what_each_page_shows(self):
        activities = [self.town.activity(self.programme, starts_in=24 * (30 - day)) for day in range(5)]
        for limit in (1, 2, 5, 200):
            entries = self.listed(limit)
            self.assertEqual([entry["id"] for entry in entries], [activity["id"] for activity in reversed(activities)])
        for entry in entries:
            self.assertEqual(without_time(entry), without_time(self.detail(entry)))

    def test_seats_and_state_follow_the_bookings(self):
        activity = self.town.activity(self.programme, capacity=1)
        self.see(activity, remaining=1, state="open")
        parent, child = self.town.family()
        booking = made(book(parent, activity, child))
        self.see(activity, remaining=0, state="full")
        done(parent.delete(f"/bookings/{booking['id']}"))
        self.see(activity, remaining=1, state="open")

    def test_changes_are_shown(self):
        activity = self.town.activity(self.programme, capacity=10)
        self.see(activity, title=activity["title"], capacity=10)
        title = fresh("改\"名\"\\🎉")
        changed = self.town.admin.patch(f"/admin/activities/{activity['id']}", {"title": title, "capacity": 12}, "*")
        done(changed)
        self.see(activity, title=title, capacity=12, remaining=12)
        name = fresh("改名站")
        done(self.town.admin.patch(f"/admin/stations/{self.station['id']}", {"name": name}, "*"))
        self.see(activity, station={"id": self.station["id"], "name": name}, title=title)
        programme = self.programme["closes_at"]
        closes_at = programme.replace(programme[:4], str(int(programme[:4]) + 1), 1)
        done(self.town.admin.patch(f"/admin/programmes/{self.programme['id']}", {"closes_at": closes_at}, "*"))
        self.see(activity, closes_at=closes_at)


if __name__ == "__main__":
    unittest.main()
