#!/usr/bin/python3 -B
"""loadtest/judge on refusals and keys: which answers it must believe, and which it must not."""
import datetime
import unittest

from judge_world import HOUR_MS, LATER, START, World, busy_world

TRUTH = "refusals were true when given"
DENIED = "nothing that was denied exists"
CONTRACT = "answers of the contract"
UNAVAILABLE = {"status": 503, "code": "unavailable", "retry_after": True}
OUTCOME_UNKNOWN = {"status": 503, "code": "outcome_unknown", "retry_after": True}


class Judged(unittest.TestCase):
    def setUp(self):
        self.world = busy_world()

    @property
    def summer(self):
        return self.world.snapshot.programmes["summer"]

    def passes(self):
        self.assertEqual(self.world.violations(), {})

    def caught(self, rule, *others):
        """By this rule, and by none but `others` beside."""
        found = self.world.violations()
        self.assertIn(rule, found)
        self.assertLessEqual(set(found), {rule, *others}, found)


class Closed(Judged):
    def refuse(self, at=8_000, activity="dance"):
        """The answer comes 5 ms later."""
        self.world.refuse("lea", "mo", activity, at, "closed")

    def test_an_open_activity_that_nobody_cancelled_is_not_closed(self):
        self.refuse()
        self.caught(TRUTH)

    def test_another_activity_s_cancellation_closes_nothing(self):
        self.world.close("paint", 7_000)
        self.refuse()
        self.caught(TRUTH)

    def test_nothing_is_closed_before_its_cancellation_was_asked_for(self):
        self.world.close("dance", 8_006)
        self.refuse()
        self.caught(TRUTH)

    def test_it_may_be_closed_as_soon_as_its_cancellation_was_asked_for(self):
        self.world.close("dance", 8_005)
        self.refuse()
        self.passes()

    def test_a_cancellation_that_was_surely_denied_closes_nothing(self):
        self.world.change("close", "dance", 7_000, **UNAVAILABLE)
        self.refuse()
        self.caught(TRUTH)
        self.world.close("dance", 9_000)
        self.caught(TRUTH)

    def test_a_cancellation_whose_outcome_nobody_learned_closes_what_ended_closed(self):
        self.world.close("dance", 7_000, outcome="timed_out")
        self.world.change("close", "dance", 9_000)  # again, until it was told
        self.refuse()
        self.passes()

    def test_a_cancellation_whose_outcome_nobody_learned_closes_nothing_that_is_open_afterwards(self):
        self.world.change("close", "dance", 7_000, outcome="connection_lost")
        self.refuse()
        self.caught(TRUTH)

    def test_what_was_cancelled_by_somebody_without_a_history_may_be_closed(self):
        self.world.close("dance", 7_000)
        del self.world.requests[-1]
        self.refuse()
        self.passes()

    def test_a_draft_is_not_closed(self):
        self.world.snapshot.activities["dance"].open = False
        self.refuse()
        self.caught(TRUTH)

    def test_a_programme_is_closed_from_its_end_by_redis_s_clock_and_no_earlier(self):
        for ends_at, true in ((8_005, True), (8_007, True), (8_008, False)):
            self.world = World()
            self.summer.closes_at = START + ends_at
            self.refuse()
            self.assertEqual(self.world.violations() == {}, true, ends_at)

    def test_an_activity_is_closed_from_its_first_session(self):
        for starts_at, true in ((8_005, True), (8_008, False)):
            self.world = World()
            sessions = [(START + 10 * HOUR_MS, START + 11 * HOUR_MS), (START + starts_at, START + HOUR_MS)]
            self.world.snapshot.activities["dance"].sessions = sessions
            self.refuse()
            self.assertEqual(self.world.violations() == {}, true, starts_at)

    def test_a_booking_that_can_still_be_cancelled_is_not_closed(self):
        self.world.request("cancel", "ann", 30_000, 30_010, booking="ann-bo-paint", status=409, code="closed")
        self.caught(TRUTH)
        self.summer.cancel_hours = 103  # before the session of 100 + 3 hours
        self.passes()


class OtherRules(Judged):
    def test_not_open_is_true_until_the_release(self):
        for opens_at, true in ((7_997, False), (7_998, True), (9_000, True)):
            self.world = World()
            self.summer.opens_at = START + opens_at
            self.world.refuse("lea", "mo", "dance", 8_000, "not_open")
            self.assertEqual(self.world.violations() == {}, true, opens_at)

    def test_ineligible_is_who_is_too_young_or_too_old_on_the_first_day_wherever_the_town_is(self):
        start = self.world.snapshot.first_start("dance")
        day = datetime.datetime.fromtimestamp(start / 1000, datetime.timezone.utc).date()
        for birth, true in ((day.replace(year=day.year - 6), True),  # of age or a day before it, by the town's time
                            (day.replace(year=day.year - 6) - datetime.timedelta(days=3), False),
                            (day.replace(year=day.year - 5), True), (day.replace(year=day.year - 8), False),
                            (day.replace(year=day.year - 9) - datetime.timedelta(days=3), True), (None, True),
                            (datetime.date(day.year - 6, day.month + 1, 1), True)):  # no day of that month is a birthday yet
            self.world = World()
            activity = self.world.snapshot.activities["dance"]
            activity.age_min, activity.age_max = 6, 8
            self.world.snapshot.births = {"mo": birth} if birth else {}
            self.world.refuse("lea", "mo", "dance", 8_000, "ineligible")
            self.assertEqual(self.world.violations() == {}, true, birth)

    def test_what_a_programme_allows_is_no_overlap(self):
        self.summer.forbid_overlap = False
        self.caught(TRUTH)  # of the busy world's "overlaps"

    def test_an_overlap_is_with_the_activity_that_it_names(self):
        self.world.refuse("ann", "bo", "chess", 95, "overlaps", named={"activity_id": "swim"}, key="b")
        self.passes()
        self.world.refuse("ann", "bo", "chess", 100, "overlaps", named={"activity_id": "paint"}, key="c")
        self.caught(TRUTH)

    def test_it_is_booked_already_by_the_booking_that_is_named(self):
        self.world.refuse("ann", "bo", "swim", 75, "already_booked", named={"booking_id": "ann-bo-swim"}, key="b")
        self.passes()
        self.world.refuse("ann", "bo", "swim", 80, "already_booked", named={"booking_id": "ann-bo-paint"}, key="c")
        self.caught(TRUTH)

    def test_a_cap_is_the_child_s_or_the_family_s_as_it_says(self):
        """bo has two of the two that a child may have, and ann two of three."""
        self.world.refuse("ann", "bo", "dance", 135, "limit_reached", named={"scope": "attendee"}, key="b")
        self.passes()
        self.world.refuse("ann", "bo", "dance", 140, "limit_reached", named={"scope": "user"}, key="c")
        self.caught(TRUTH)

    def test_a_rule_that_nobody_knows_was_not_broken(self):
        self.world.refuse("lea", "mo", "dance", 300, "bad_luck")
        self.caught(TRUTH)

    def test_a_refusal_that_names_no_rule_is_not_of_the_contract(self):
        for status, code in ((409, "sold_out"), (403, "forbidden"), (409, "invalid_state")):
            self.world = busy_world()
            self.world.ask("lea", "mo", "dance", 300, 305, status=status, code=code)
            self.caught(CONTRACT)

    def test_an_activity_is_found_long_after_somebody_booked_it_whoever_was_told_of_its_publication(self):
        self.world.change("publish", "dance", 1_000, outcome="timed_out")
        self.world.book("lea", "mo", "dance", 2_000)
        self.world.ask("noa", "pi", "dance", 4_000, 4_005, status=404, code="not_found")
        self.passes()
        self.world.ask("noa", "pi", "dance", 9_000, 9_005, status=404, code="not_found")
        self.caught(CONTRACT)


class Keys(Judged):
    """lea wants mo to dance by two keys: "a", which every answer denied, and "b". A row exists that nobody was told."""

    def press(self, key, invoked, ended, **facts):
        self.world.ask("lea", "mo", "dance", invoked, ended, key=key, **facts)

    def denied(self, key, at, code="sold_out", provisional=True, **facts):
        """Provisional, so that only the key is judged."""
        self.world.refuse("lea", "mo", "dance", at, code, provisional, key=key, **facts)

    def row(self, at, booking="row"):
        return self.world.row(booking, "lea", "mo", "dance", at)

    def test_a_booking_is_of_the_key_that_may_have_made_it(self):
        self.denied("a", 1_000)
        self.row(2_003)
        self.press("b", 2_000, 3_000, outcome="timed_out")
        self.passes()

    def test_no_key_made_a_booking_before_it_was_pressed(self):
        self.denied("a", 1_000)
        self.row(1_003)
        self.press("b", 2_000, 3_000, outcome="timed_out")
        self.caught(DENIED)

    def test_a_key_that_was_told_a_booking_made_no_other(self):
        self.press("b", 900, 1_900, outcome="timed_out")
        self.world.book("lea", "mo", "dance", 2_000, booking="told", key="b")
        self.world.cancel("told", 3_000)
        self.denied("a", 4_000)
        self.row(4_003)
        self.caught(DENIED)

    def test_a_press_that_was_never_sent_made_nothing(self):
        self.press("b", 1_000, 1_001, outcome="not_sent")
        self.row(1_003)
        self.press("b", 2_000, 3_000, outcome="timed_out")
        self.caught(DENIED)

    def test_a_denied_press_may_leave_the_hold_that_the_next_one_books_by(self):
        self.press("b", 1_000, 1_100, **UNAVAILABLE)
        self.row(1_003)
        self.press("b", 2_000, 3_000, outcome="timed_out")
        self.passes()

    def test_a_seat_was_given_before_an_unknown_outcome_was_told(self):
        for given, true in ((1_090, True), (1_102, True), (1_103, False)):
            self.world = busy_world()
            self.press("b", 1_000, 1_100, **OUTCOME_UNKNOWN)
            self.row(given)
            self.assertEqual(set(self.world.violations()), set() if true else {DENIED}, given)

    def test_an_unknown_outcome_becomes_none_by_a_later_denial(self):
        self.press("b", 1_000, 1_100, **OUTCOME_UNKNOWN)
        self.row(2_000)
        self.denied("b", 3_000)
        self.caught(DENIED)

    def test_a_press_without_an_answer_may_be_on_its_way_for_long(self):
        for lost in ({"outcome": "timed_out"}, {"outcome": "connection_lost"}):
            self.world = busy_world()
            self.press("b", 1_000, 1_100, **OUTCOME_UNKNOWN)
            self.press("b", 1_200, 1_300, **lost)
            self.row(LATER)
            self.passes()

    def test_a_key_that_was_refused_long_after_the_seat_was_given_did_not_get_it(self):
        for refused_at, true in ((900, True), (2_400, True), (2_600, False)):
            self.world = busy_world()
            self.press("b", 800, 1_800, outcome="timed_out")
            self.row(1_000)
            self.denied("b", refused_at)
            self.assertEqual(DENIED not in self.world.violations(), true, refused_at)

    def test_whichever_rule_of_the_gate_it_was_refused_by(self):
        for code in ("already_booked", "limit_reached", "overlaps", "sold_out"):
            self.world = busy_world()
            self.press("b", 800, 1_800, outcome="timed_out")
            self.row(1_000)
            self.denied("b", 2_600, code)
            self.caught(DENIED)

    def test_a_key_that_was_told_to_come_back_or_of_the_end_may_have_got_it(self):
        self.summer.closes_at = START + LATER + 1_000
        self.press("b", 800, 1_800, outcome="timed_out")
        self.row(1_000)
        self.press("b", LATER + 1_000, LATER + 1_005, **UNAVAILABLE)
        self.denied("b", LATER + 1_100, "closed", False)  # the ledger has no booking of it yet
        self.passes()

    def test_a_key_whose_booking_is_cancelled_may_be_refused(self):
        self.press("b", 990, 1_800, outcome="timed_out")
        self.row(1_000)
        self.world.cancel("row", 2_000)
        self.denied("b", 6_000)
        self.passes()

    def test_a_key_that_another_booking_was_in_the_way_of_did_not_make_that_one(self):
        self.press("b", 990, 1_800, outcome="timed_out")
        self.row(1_000)
        self.denied("b", 1_100, "already_booked", named={"booking_id": "row"})
        self.caught(DENIED)

    def test_each_key_made_one_booking_at_most(self):
        """"b" may have made both, "c" the later one, where it was not denied."""
        for second, true in (({"outcome": "timed_out"}, True), (UNAVAILABLE, False)):
            self.world = busy_world()
            self.press("b", 1_000, 1_500, outcome="timed_out")
            self.press("c", 3_000, 3_500, **second)
            for booking, at in (("later", 3_003), ("earlier", 1_003)):
                self.row(at, booking)
            earlier = self.world.snapshot.bookings["earlier"]
            self.world.gone("earlier", 2_000)
            self.world.request("cancel", "lea", 1_990, 2_010, booking=earlier.id, status=200)
            self.assertEqual(self.world.violations() == {}, true, self.world.violations())

    def test_a_key_of_another_wish_made_nothing_of_this(self):
        self.world.ask("lea", "mo", "paint", 990, 1_500, key="b", outcome="timed_out")
        self.row(1_003)
        self.caught(DENIED)
        self.press("b", 2_000, 2_500, outcome="timed_out")
        self.caught(DENIED, "decided between asking and telling")


if __name__ == "__main__":
    unittest.main()
