"""Booking as a parent meets it: the walk, each refusal, and cancelling."""

import datetime
import unittest
from concurrent.futures import ThreadPoolExecutor

from client import done, made
from town import TownCase, all_pages, at, book, eventually, insist, key, now, parse_instant, session


def setUpModule():
    TownCase.start_town()


def tearDownModule():
    TownCase.stop_town()


def next_common_year():
    """A year that lies ahead and is no leap year, and whose predecessors hold a 29 February."""
    year = now().year + 1
    while year % 4 == 0:
        year += 1
    return year


class Walk(TownCase):
    def test_a_parent_books_reads_the_receipt_cancels_and_books_again(self):
        programme = self.town.programme(cancel_hours=24)
        activity = self.town.activity(programme, capacity=5)
        parent, child = self.town.family()
        first_key = key()
        booking = made(book(parent, activity, child, first_key))
        self.assertEqual((booking["state"], booking["activity_id"], booking["attendee_id"]),
                         ("confirmed", activity["id"], child["id"]))
        receipt = booking["receipt"]
        self.assertEqual((receipt["remaining"], receipt["opens_at"]), (4, programme["opens_at"]))
        self.assertEqual(receipt["arrival"], 1)
        self.assertLess(abs(parse_instant(receipt["decided_at"]) - now()), datetime.timedelta(seconds=30))

        self.assertEqual([item["id"] for item in done(parent.get("/me/bookings"))["items"]], [booking["id"]])
        self.wait_remaining(activity, 4)

        cancelled = {**booking, "state": "cancelled"}
        self.assertEqual(done(parent.delete(f"/bookings/{booking['id']}")), cancelled)
        self.assertEqual(done(parent.delete(f"/bookings/{booking['id']}")), cancelled)
        self.wait_remaining(activity, 5)
        self.assertEqual(done(book(parent, activity, child, first_key)), cancelled)

        again = made(insist(parent, activity, child, "already_booked"))
        self.assertNotEqual(again["id"], booking["id"])
        self.assertEqual(again["receipt"]["remaining"], 4)
        states = {item["id"]: item["state"] for item in all_pages(parent, "/me/bookings", limit=1)}
        self.assertEqual(states, {booking["id"]: "cancelled", again["id"]: "confirmed"})
        self.assertEqual({entry["booking_id"]: entry["state"] for entry in self.town.roster(activity)}, states)

    def test_the_roster_says_who_booked_and_carries_the_receipt(self):
        activity = self.town.activity()
        parent, child = self.town.family()
        booking = made(book(parent, activity, child))
        entry, = self.town.roster(activity)
        self.assertEqual(entry, {
            "booking_id": booking["id"], "state": "confirmed", "created_at": booking["created_at"],
            "attendee": {field: child[field] for field in ("id", "name", "birth_date")}, "user": parent.me,
            "receipt": booking["receipt"], "attendance": []})

    def test_arrival_counts_the_decisions_of_the_programme(self):
        programme = self.town.programme()
        activities = [self.town.activity(programme), self.town.activity(programme)]
        arrivals = []
        for _ in range(3):
            parent, child = self.town.family()
            arrivals += [made(book(parent, activity, child))["receipt"]["arrival"] for activity in activities]
        self.assertEqual(arrivals, sorted(set(arrivals)))

    def test_a_camp_with_many_sessions_is_one_booking(self):
        first = at(now().date() + datetime.timedelta(days=20), 9)
        sessions = [session(first + datetime.timedelta(days=n)) for n in range(30)]
        camp = self.town.activity(capacity=1, kind="camp", sessions=sessions)
        self.assertEqual(len(camp["sessions"]), 30)
        parent, child = self.town.family()
        made(book(parent, camp, child))
        self.assertEqual(len(self.town.roster(camp)), 1)


class SameKey(TownCase):
    def test_the_same_key_is_the_same_booking_bare_or_quoted(self):
        activity = self.town.activity()
        parent, child = self.town.family()
        wanted = key()
        first = made(book(parent, activity, child, wanted))
        self.assertEqual(done(book(parent, activity, child, wanted)), first)
        self.assertEqual(done(book(parent, activity, child, f'"{wanted}"')), first)
        self.assertEqual(len(self.town.roster(activity)), 1)

    def test_the_same_key_for_another_attendee_or_activity_is_422(self):
        programme = self.town.programme()
        activity, neighbour, elsewhere = (self.town.activity(programme), self.town.activity(programme),
                                          self.town.activity())
        parent, child = self.town.family()
        sibling = self.town.child(parent)
        wanted = key()
        booking = made(book(parent, activity, child, wanted))
        for other, attendee in ((activity, sibling), (neighbour, child), (elsewhere, child)):
            self.refused(book(parent, other, attendee, wanted), 422, "idempotency_conflict")
        self.assertEqual(done(book(parent, activity, child, wanted)), booking)
        for activity, seats in ((activity, 1), (neighbour, 0), (elsewhere, 0)):
            self.assertEqual(len(self.town.roster(activity)), seats)
            self.wait_remaining(activity, 10 - seats)

    def test_the_same_key_of_another_parent_is_another_booking(self):
        activity = self.town.activity()
        wanted = key()
        bookings = [made(book(parent, activity, child, wanted)) for parent, child in
                    (self.town.family() for _ in range(2))]
        self.assertNotEqual(bookings[0]["id"], bookings[1]["id"])

    def test_a_refusal_is_not_remembered(self):
        activity = self.town.activity(capacity=1)
        holder, held_by = self.town.family()
        parent, child = self.town.family()
        booking, wanted = made(book(holder, activity, held_by)), key()
        self.rule_broken(book(parent, activity, child, wanted), "sold_out")
        done(holder.delete(f"/bookings/{booking['id']}"))
        made(insist(parent, activity, child, "sold_out", wanted))

    def test_one_key_pressed_many_times_at_once_is_one_booking(self):
        activity = self.town.activity()
        parent, child = self.town.family()
        wanted = key()
        hands = [parent.on(self.town.url) for _ in range(8)]
        with ThreadPoolExecutor(len(hands)) as pool:
            answers = list(pool.map(lambda hand: book(hand, activity, child, wanted), hands))
        for hand in hands:
            hand.close()
        self.assertLessEqual({answer.status for answer in answers}, {200, 201, 409})
        self.assertLessEqual({answer.code for answer in answers}, {None, "in_progress"})
        self.assertEqual(len({answer.json["id"] for answer in answers if answer.status < 300}), 1)
        self.assertEqual(len(self.town.roster(activity)), 1)


class Refusals(TownCase):
    def test_not_open_says_when(self):
        programme = self.town.programme(opens_in=2)
        parent, child = self.town.family()
        answer = book(parent, self.town.activity(programme), child)
        self.assertEqual(self.rule_broken(answer, "not_open")["not_open"]["opens_at"], programme["opens_at"])
        self.assertEqual(answer.json["opens_at"], programme["opens_at"])

    def test_a_programme_that_opens_while_one_waits_takes_bookings(self):
        programme = self.town.programme(opens_in=3 / 3600)
        activity = self.town.activity(programme)
        parent, child = self.town.family()
        booking = made(insist(parent, activity, child, "not_open"))
        self.assertGreaterEqual(booking["receipt"]["decided_at"], programme["opens_at"])

    def test_closed_after_closes_at_or_the_first_start(self):
        ended = self.town.programme(opens_in=-5, closes_in=-1)
        running = self.town.programme(opens_in=-5)
        started = self.town.activity(running, starts_in=-0.5, hours=2)
        self.assertEqual(started["state"], "closed")
        parent, child = self.town.family()
        answer = book(parent, self.town.activity(ended), child)
        self.assertEqual(self.rule_broken(answer, "closed")["closed"]["closed_at"], ended["closes_at"])
        answer = book(parent, started, child)
        self.assertEqual(self.rule_broken(answer, "closed")["closed"]["closed_at"],
                         started["sessions"][0]["starts_at"])

    def test_a_cancelled_activity_is_closed_and_its_bookings_are_cancelled(self):
        programme = self.town.programme(max_per_attendee=1)
        activity, other = self.town.activity(programme), self.town.activity(programme)
        parent, child = self.town.family()
        booking = made(book(parent, activity, child))
        done(self.town.admin.post(f"/admin/activities/{activity['id']}/cancel", {"reason": "停电"}))
        self.assertEqual(done(parent.get(f"/bookings/{booking['id']}"))["state"], "cancelled")
        self.refused(book(parent, activity, child), 409, "closed")
        made(insist(parent, other, child, "limit_reached"))

    def test_ages_are_inclusive_and_named(self):
        day = (now().date() + datetime.timedelta(days=40)).replace(day=15)
        activity = self.town.activity(age_min=6, age_max=12, sessions=[session(at(day, 9))])
        parent = self.town.parent()
        for years, days_off, reason in ((6, 0, None), (6, 1, "too_young"), (13, 1, None), (13, 0, "too_old")):
            with self.subTest(years=years, days_off=days_off):
                born = day.replace(year=day.year - years) + datetime.timedelta(days=days_off)
                answer = book(parent, activity, self.town.child(parent, born.isoformat()))
                if reason is None:
                    made(answer)
                else:
                    told = self.rule_broken(answer, "ineligible")["ineligible"]
                    self.assertEqual((told["reason"], told["age_min"], told["age_max"]), (reason, 6, 12))
                    self.assertEqual(told["age"], 5 if reason == "too_young" else 13)

    def test_age_is_that_of_the_first_session_and_29_february_turns_on_1_march(self):
        year = next_common_year()
        last_of_february = self.town.activity(
            self.town.programme(closes_in=24 * 2000), age_min=8, age_max=99, kind="camp",
            sessions=[session(at(datetime.date(year, 3, 1), 9)), session(at(datetime.date(year, 2, 28), 9))])
        first_of_march = self.town.activity(
            self.town.programme(closes_in=24 * 2000), age_min=8, age_max=99,
            sessions=[session(at(datetime.date(year, 3, 1), 0))])
        leap = next(y for y in range(year - 8, year - 20, -1) if y % 4 == 0)
        parent = self.town.parent()
        leapling = self.town.child(parent, f"{leap}-02-29")
        almost = self.town.child(parent, f"{year - 8}-03-01")
        answer = book(parent, last_of_february, almost)
        self.assertEqual(self.rule_broken(answer, "ineligible")["ineligible"]["age"], 7)
        made(book(parent, first_of_march, almost))
        made(book(parent, first_of_march, leapling))
        exact = self.town.activity(
            self.town.programme(closes_in=24 * 2000), age_min=year - leap, age_max=99,
            sessions=[session(at(datetime.date(year, 2, 28), 23, 0))])
        answer = book(parent, exact, leapling)
        self.assertEqual(self.rule_broken(answer, "ineligible")["ineligible"]["age"], year - leap - 1)

    def test_already_booked_names_the_booking(self):
        activity = self.town.activity()
        parent, child = self.town.family()
        booking = made(book(parent, activity, child))
        told = self.rule_broken(book(parent, activity, child), "already_booked")["already_booked"]
        self.assertEqual(told["booking_id"], booking["id"])
        self.assertEqual(len(self.town.roster(activity)), 1)

    def test_a_childs_cap_and_a_familys_cap(self):
        programme = self.town.programme(max_per_attendee=2, max_per_user=3)
        activities = [self.town.activity(programme, starts_in=48 + 3 * n) for n in range(4)]
        parent, child = self.town.family()
        sibling = self.town.child(parent)
        held = [made(book(parent, activity, child)) for activity in activities[:2]]
        told = self.rule_broken(book(parent, activities[2], child), "limit_reached")["limit_reached"]
        self.assertEqual((told["scope"], told["limit"], told["used"]), ("attendee", 2, 2))
        made(book(parent, activities[0], sibling))
        told = self.rule_broken(book(parent, activities[1], sibling), "limit_reached")["limit_reached"]
        self.assertEqual((told["scope"], told["limit"], told["used"]), ("user", 3, 3))
        both = book(parent, activities[3], child)
        self.rule_broken(both, "limit_reached", "limit_reached")
        self.assertEqual({violation["scope"] for violation in both.json["violations"]}, {"attendee", "user"})
        done(parent.delete(f"/bookings/{held[0]['id']}"))
        made(insist(parent, activities[3], sibling, "limit_reached"))

    def test_caps_end_at_the_programme(self):
        first, second = (self.town.programme(max_per_attendee=1, max_per_user=1) for _ in range(2))
        parent, child = self.town.family()
        made(book(parent, self.town.activity(first), child))
        made(book(parent, self.town.activity(second), child))

    def test_overlaps_name_what_is_held_and_intervals_are_half_open(self):
        programme = self.town.programme(forbid_overlap=True)
        day = now().date() + datetime.timedelta(days=10)
        morning = self.town.activity(programme, sessions=[session(at(day, 9), 60)])
        meeting = self.town.activity(programme, kind="camp", sessions=[
            session(at(day - datetime.timedelta(days=1), 9)), session(at(day, 9, 59), 60)])
        touching = self.town.activity(programme, sessions=[session(at(day, 10), 60)])
        parent, child = self.town.family()
        sibling = self.town.child(parent)
        made(book(parent, morning, child))
        told = self.rule_broken(book(parent, meeting, child), "overlaps")["overlaps"]
        self.assertEqual(told["activity_id"], morning["id"])
        made(book(parent, touching, child))
        made(book(parent, meeting, sibling))

    def test_overlap_is_allowed_where_no_rule_forbids_it(self):
        programme = self.town.programme()
        parent, child = self.town.family()
        for _ in range(2):
            made(book(parent, self.town.activity(programme), child))

    def test_sold_out_and_the_seat_that_comes_back(self):
        activity = self.town.activity(capacity=2)
        families = [self.town.family() for _ in range(3)]
        held = [made(book(*self.wish(family, activity))) for family in families[:2]]
        refusal = book(*self.wish(families[2], activity))
        self.rule_broken(refusal, "sold_out")
        self.assertEqual(refusal.json["receipt"]["remaining"], 0)
        last = max(booking["receipt"]["decided_at"] for booking in held)
        self.assertGreaterEqual(refusal.json["receipt"]["decided_at"], last)
        eventually(lambda: done(self.town.client().get(f"/activities/{activity['id']}"))["state"] == "full")
        again = book(*self.wish(families[2], activity))
        self.rule_broken(again, "sold_out")
        done(families[0][0].delete(f"/bookings/{held[0]['id']}"))
        self.wait_remaining(activity, 1)
        made(insist(*self.wish(families[2], activity), "sold_out"))
        confirmed = [entry for entry in self.town.roster(activity) if entry["state"] == "confirmed"]
        self.assertEqual(len(confirmed), 2)

    @staticmethod
    def wish(family, activity):
        parent, child = family
        return parent, activity, child

    def test_a_holder_of_a_sold_out_activity_learns_that_they_hold_it(self):
        activity = self.town.activity(capacity=1)
        parent, child = self.town.family()
        wanted = key()
        booking = made(book(parent, activity, child, wanted))
        stranger, their_child = self.town.family()
        for _ in range(3):
            self.rule_broken(book(stranger, activity, their_child), "sold_out")
            self.assertEqual(done(book(parent, activity, child, wanted)), booking)
            self.rule_broken(book(parent, activity, child), "already_booked", "sold_out")

    def test_all_broken_rules_are_named_at_once(self):
        programme = self.town.programme(max_per_attendee=1, max_per_user=1, forbid_overlap=True)
        day = now().date() + datetime.timedelta(days=10)
        held = self.town.activity(programme, sessions=[session(at(day, 9))])
        wanted = self.town.activity(programme, sessions=[session(at(day, 9, 30))])
        parent, child = self.town.family()
        made(book(parent, held, child))
        self.rule_broken(book(parent, wanted, child), "limit_reached", "limit_reached", "overlaps")
        self.rule_broken(book(parent, held, child), "already_booked", "limit_reached", "limit_reached")

        early = self.town.activity(self.town.programme(opens_in=5), age_min=90, age_max=99)
        self.rule_broken(book(parent, early, child), "not_open", "ineligible")

    def test_thirty_parents_at_once_get_exactly_the_seats(self):
        activity = self.town.activity(self.town.programme(max_per_attendee=1, max_per_user=1), capacity=7)
        families = [self.town.family() for _ in range(30)]
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda family: book(*self.wish(family, activity)), families))
        sold = [answer.json["id"] for answer in answers if answer.status == 201]
        self.assertEqual(len(sold), 7)
        self.assertEqual({answer.code for answer in answers if answer.status != 201}, {"sold_out"})
        self.assertEqual(sorted(entry["booking_id"] for entry in self.town.roster(activity)), sorted(sold))


class Cancelling(TownCase):
    def test_after_cancel_until_it_is_closed(self):
        activity = self.town.activity(self.town.programme(cancel_hours=48), starts_in=24)
        self.assertLess(parse_instant(activity["cancel_until"]), now())
        parent, child = self.town.family()
        booking = made(book(parent, activity, child))
        self.refused(parent.delete(f"/bookings/{booking['id']}"), 409, "closed")
        self.assertEqual(done(parent.get(f"/bookings/{booking['id']}")), booking)

    def test_cancel_until_is_the_first_start_less_cancel_hours(self):
        activity = self.town.activity(self.town.programme(cancel_hours=5), starts_in=30)
        span = parse_instant(activity["sessions"][0]["starts_at"]) - parse_instant(activity["cancel_until"])
        self.assertEqual(span, datetime.timedelta(hours=5))

    def test_somebody_elses_booking_is_404(self):
        parent, child = self.town.family()
        booking = made(book(parent, self.town.activity(), child))
        stranger = self.town.parent()
        self.refused(stranger.get(f"/bookings/{booking['id']}"), 404, "not_found")
        self.refused(stranger.delete(f"/bookings/{booking['id']}"), 404, "not_found")
        self.assertEqual(done(stranger.get("/me/bookings"))["items"], [])
        self.assertEqual(done(parent.get(f"/bookings/{booking['id']}")), booking)

    def test_an_attendee_with_an_active_booking_stays(self):
        parent, child = self.town.family()
        booking = made(book(parent, self.town.activity(), child))
        path = f"/me/attendees/{child['id']}"
        self.refused(parent.delete(path), 409, "invalid_state")
        self.refused(parent.patch(path, {"birth_date": "2001-01-01"}, f'"{child["version"]}"'), 409, "invalid_state")
        self.assertEqual(done(parent.get("/me"))["attendees"], [child])
        done(parent.delete(f"/bookings/{booking['id']}"))
        self.assertEqual(parent.delete(path).status, 204)


if __name__ == "__main__":
    unittest.main()
