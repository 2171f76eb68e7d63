"""Two server processes on one Redis and one database: one truth, told by both."""

import unittest
from concurrent.futures import ThreadPoolExecutor

from client import done, made
from town import TownCase, all_pages, book, eventually, fresh, key

HANDS = 8

other_server = None


def setUpModule():
    global other_server
    TownCase.start_town()
    other_server = TownCase.town.stack.start_server()


def tearDownModule():
    TownCase.stop_town()


class TwoServers(TownCase):
    def setUp(self):
        self.here = self.town.client()
        self.there = self.town.client(url=other_server.url)

    def activity_in_both(self, programme=None, capacity=10, **fields):
        activity = self.town.activity(programme, capacity, **fields)
        self.told(lambda: self.there.get(f"/activities/{activity['id']}").status == 200, "the publication")
        return activity

    def told(self, condition, what):
        return eventually(condition, what=f"{what} in the other process")

    def seen(self, client, activity):
        return done(client.get(f"/activities/{activity['id']}"))

    def families(self, count):
        """Parents with a child each, every second one at the other process."""
        families = []
        for number in range(count):
            parent, child = self.town.family()
            parent = parent.on(other_server.url) if number % 2 else parent
            self.addCleanup(parent.close)
            families.append((parent, child))
        return families

    @staticmethod
    def at_once(calls):
        with ThreadPoolExecutor(HANDS) as pool:
            return [future.result() for future in [pool.submit(call) for call in calls]]


class Selling(TwoServers):
    def test_both_sell_one_activity_to_its_last_seat_and_not_beyond(self):
        activity = self.activity_in_both(self.town.programme(max_per_attendee=1, max_per_user=1), capacity=13)
        families = self.families(40)
        answers = self.at_once([lambda parent=parent, child=child: book(parent, activity, child)
                                for parent, child in families])
        sold = {answer.json["id"] for answer in answers if answer.status == 201}
        self.assertEqual(len(sold), 13)
        self.assertEqual({answer.code for answer in answers if answer.status != 201}, {"sold_out"})
        self.assertEqual({entry["booking_id"] for entry in self.town.roster(activity)}, sold)
        last = max(answer.json["receipt"]["decided_at"] for answer in answers if answer.status == 201)
        for answer in answers:
            if answer.code == "sold_out":
                self.assertGreaterEqual(answer.json["receipt"]["decided_at"], last)
        arrivals = [answer.json["receipt"]["arrival"] for answer in answers if answer.status == 201]
        self.assertEqual(len(set(arrivals)), 13)

    def test_a_key_is_one_booking_in_both(self):
        activity = self.activity_in_both()
        parent, child = self.town.family()
        other = parent.on(other_server.url)
        self.addCleanup(other.close)
        wanted = key()
        booking = made(book(parent, activity, child, wanted))
        self.assertEqual(done(book(other, activity, child, wanted)), booking)
        self.assertEqual(done(other.get(f"/bookings/{booking['id']}")), booking)

    def test_a_key_pressed_in_both_at_once_is_one_booking(self):
        activity = self.activity_in_both()
        for _ in range(5):
            parent, child = self.town.family()
            other = parent.on(other_server.url)
            wanted = key()
            answers = self.at_once([lambda client=client: book(client, activity, child, wanted)
                                    for client in (parent, other)])
            other.close()
            self.assertLessEqual({answer.code for answer in answers}, {None, "in_progress"})
            self.assertEqual(len({answer.json["id"] for answer in answers if answer.code is None}), 1)
        self.assertEqual(len(self.town.roster(activity)), 5)

    def test_caps_hold_across_both(self):
        programme = self.town.programme(max_per_attendee=2, max_per_user=3)
        activities = [self.activity_in_both(programme) for _ in range(6)]
        parent, child = self.town.family()
        sibling = self.town.child(parent)
        wishes = []
        for number, activity in enumerate(activities):
            for attendee in (child, sibling):
                hand = parent.on((self.town.url, other_server.url)[number % 2])
                self.addCleanup(hand.close)
                wishes.append(lambda hand=hand, activity=activity, attendee=attendee: book(hand, activity, attendee))
        answers = self.at_once(wishes)
        held = [answer.json["attendee_id"] for answer in answers if answer.status == 201]
        self.assertEqual(len(held), 3)
        self.assertLessEqual(max(held.count(child["id"]), held.count(sibling["id"])), 2)
        self.assertEqual({answer.code for answer in answers if answer.status != 201}, {"limit_reached"})
        self.assertEqual(len(all_pages(parent, "/me/bookings")), 3)


class Telling(TwoServers):
    def test_seat_counts_are_published(self):
        activity = self.activity_in_both(capacity=2)
        families = [self.town.family() for _ in range(2)]
        bookings = []
        for remaining, (parent, child) in zip((1, 0), families):
            bookings.append(made(book(parent, activity, child)))
            self.told(lambda expected=remaining: self.seen(self.there, activity)["remaining"] == expected, "the count")
        self.assertEqual(self.seen(self.there, activity)["state"], "full")
        done(families[0][0].delete(f"/bookings/{bookings[0]['id']}"))
        self.told(lambda: self.seen(self.there, activity)["remaining"] == 1, "the seat that came back")

    def test_a_seat_that_comes_back_in_one_can_be_had_in_the_other(self):
        activity = self.activity_in_both(capacity=1)
        holder, held_by = self.town.family()
        booking = made(book(holder, activity, held_by))
        (parent, child), = self.families(2)[1:]
        self.refused(book(parent, activity, child), 409, "sold_out")
        done(holder.delete(f"/bookings/{booking['id']}"))
        answer = self.told(lambda: self.unless_sold_out(book(parent, activity, child)), "the seat")
        made(answer)

    @staticmethod
    def unless_sold_out(answer):
        return None if answer.code == "sold_out" else answer

    def test_catalogue_changes_are_told(self):
        admin = self.town.admin
        station = self.town.new_station()
        self.told(lambda: self.there.get(f"/stations/{station['id']}").status == 200, "a new station")
        programme = self.town.programme(station)
        self.told(lambda: self.there.get(f"/programmes/{programme['id']}").status == 200, "a new programme")
        activity = self.activity_in_both(programme)
        title = fresh("新名")
        path = f"/admin/activities/{activity['id']}"
        done(admin.patch(path, {"title": title, "capacity": 11}, admin.get(path).etag))
        self.told(lambda: (self.seen(self.there, activity)["title"], self.seen(self.there, activity)["remaining"])
                  == (title, 11), "a new title and capacity")
        path = f"/admin/programmes/{programme['id']}"
        done(admin.patch(path, {"title": title}, admin.get(path).etag))
        self.told(lambda: done(self.there.get(f"/programmes/{programme['id']}"))["title"] == title, "a new title")
        done(admin.post(f"/admin/activities/{activity['id']}/cancel", {"reason": "台风"}))
        self.told(lambda: self.seen(self.there, activity)["state"] == "cancelled", "the cancellation")

    def test_a_cancelled_activity_sells_nowhere(self):
        activity = self.activity_in_both()
        (_, _), (parent, child) = self.families(2)
        done(self.town.admin.post(f"/admin/activities/{activity['id']}/cancel", {"reason": "台风"}))
        self.refused(book(parent, activity, child), 409, "closed")
        self.assertEqual(self.town.roster(activity), [])

    def test_a_child_entered_here_books_there(self):
        activity = self.activity_in_both()
        parent = self.town.parent()
        other = parent.on(other_server.url)
        self.addCleanup(other.close)
        for _ in range(3):
            made(book(other, activity, self.town.child(parent)))

    def test_a_corrected_birth_date_counts_in_both(self):
        activity = self.activity_in_both(age_min=6, age_max=12)
        parent = self.town.parent()
        child = self.town.child(parent, "1990-01-01")
        other = parent.on(other_server.url)
        self.addCleanup(other.close)
        self.refused(book(other, activity, child), 403, "ineligible")
        done(parent.patch(f"/me/attendees/{child['id']}", {"birth_date": "2018-01-01"}, f'"{child["version"]}"'))
        made(book(other, activity, child))

    def test_both_tell_the_same_time(self):
        times = []
        for client in (self.here, self.there, self.here):
            times.append(done(client.get("/time"))["unix_ms"])
        self.assertLess(times[0] - times[1], 250)
        self.assertLess(times[1] - times[2], 250)


if __name__ == "__main__":
    unittest.main()
