#!/usr/bin/python3 -B
"""loadtest/judge: a clean run passes, and a doctored history or ledger of each violation is caught by the rule made for it."""
import copy
import dataclasses
import json
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "loadtest"))

from judge_tool import chains, checks, history, verdict  # noqa: E402 (the path comes first)
from judge_tool.history import Fault, History, Recorder, Request  # noqa: E402
from judge_tool.snapshot import Activity, AuditEntry, AuditRow, Booking, GateCount, Programme, Snapshot  # noqa: E402

START = 1_700_000_000_000
HEAL_MS = 10_000
HOUR_MS = 3_600_000
LATER = 20_000  # after START, when everybody knows of everything


def chain_of(name, count):
    """Rows as a writer makes them; the first tells of two bookings."""
    rows = []
    line = b"%s @127.0.0.1 request\n" % b" ".join([b"0123456789abcdef" * 2] * 4)
    for seq in range(1, count + 1):
        action, detail = (chains.BOOKED, line * 2) if seq == 1 else (b"activity.publish", b"{}")
        row = AuditRow(name, seq, START + seq, b"actor", b"user", action, b"subject", detail, b"", b"request",
                       rows[-1].hash if rows else chains.FIRST_PREV_HASH, b"")
        row.hash = chains.hash_of(row)
        rows.append(row)
    return rows


class World:
    """A small run. Moments are ms after START. The programme has a cap of 2 for a child and of 3 for a user, and forbids
    overlaps; "swim" and "chess" overlap, "paint" is later."""

    def __init__(self):
        self.requests = []
        self.faults = []
        self.run = {}
        day = START + 100 * HOUR_MS
        times = {"swim": (day, day + HOUR_MS), "chess": (day + HOUR_MS // 2, day + 2 * HOUR_MS),
                 "paint": (day + 3 * HOUR_MS, day + 4 * HOUR_MS), "dance": (day + 5 * HOUR_MS, day + 6 * HOUR_MS)}
        self.snapshot = Snapshot(
            programmes={"summer": Programme("summer", 2, 3, True)},
            activities={name: Activity(name, "summer", 2, 0, [time]) for name, time in times.items()}, bookings={},
            gate={name: GateCount(0, 2, {}) for name in times}, audit_rows=chain_of(b"one", 3) + chain_of(b"other", 1))
        self.audit_told = None  # by the API: what is written

    def request(self, kind, user, invoked, ended, **facts):
        facts = {"outcome": "answered", **facts}
        ended = None if ended is None else START + ended
        self.requests.append(Request(len(self.requests) + 1, kind, user, START + invoked, ended=ended, **facts))
        return self.requests[-1]

    def ask(self, user, attendee, activity, invoked, ended, key=None, **facts):
        return self.request("book", user, invoked, ended, attendee=attendee, activity=activity,
                            key=key or f"{user}-{attendee}-{activity}", **facts)

    def refuse(self, user, attendee, activity, at, code, provisional=False, named=None, **facts):
        return self.ask(user, attendee, activity, at, at + 5, status=403 if code == "ineligible" else 409, code=code,
                        retry_after=provisional,
                        violations=[{"code": code, "provisional": provisional} | (named or {})], **facts)

    def row(self, booking, user, attendee, activity, at):
        """The ledger's row, and what goes with it in the gate and the audit."""
        row = Booking(booking, activity, "summer", attendee, user, True, START + at)
        self.snapshot.bookings[booking] = row
        self.snapshot.activities[activity].seats_taken += 1
        self.snapshot.gate[activity].used += 1
        self.snapshot.gate[activity].holders[booking] = True
        self.snapshot.audit.append(AuditEntry("booking.create", booking, user, row.created_at, activity, attendee))
        return row

    def book(self, user, attendee, activity, at, booking=None, key=None):
        """Asked at `at`, decided 5 ms and told 10 ms later."""
        booking = booking or f"{user}-{attendee}-{activity}"
        row = self.row(booking, user, attendee, activity, at + 5)
        self.ask(user, attendee, activity, at, at + 10, key, status=201, told=self.told(booking))
        return row

    def told(self, booking):
        row = self.snapshot.bookings[booking]
        return {"id": row.id, "state": "confirmed", "activity": row.activity, "attendee": row.attendee,
                "created_at": row.created_at}

    def gone(self, booking, at):
        row = self.snapshot.bookings[booking]
        row.active, row.cancelled, row.cancelled_at = False, True, START + at
        self.snapshot.activities[row.activity].seats_taken -= 1
        self.snapshot.gate[row.activity].used -= 1
        del self.snapshot.gate[row.activity].holders[booking]
        self.snapshot.audit.append(AuditEntry("booking.cancel", booking, row.user, row.cancelled_at))

    def cancel(self, booking, at):
        self.gone(booking, at + 3)
        self.request("cancel", self.snapshot.bookings[booking].user, at, at + 10, booking=booking, status=200)

    def change(self, kind, activity, at, **facts):
        """Told 10 ms after it was asked for."""
        return self.request(kind, "office", at, at + 10, activity=activity, **{"status": 200, **facts})

    def give(self, activity, capacity, at, **facts):
        """A capacity that has an effect."""
        self.run.setdefault("capacities", {}).setdefault(activity, self.snapshot.activities[activity].capacity)
        self.snapshot.activities[activity].capacity = self.snapshot.gate[activity].capacity = capacity
        return self.change("capacity", activity, at, capacity=capacity, **facts)

    def close(self, activity, at, **facts):
        """The station cancels the activity with all its bookings, 5 ms after it was asked to."""
        ended = [row for row in self.snapshot.bookings.values() if row.activity == activity and row.active]
        for row in ended:
            row.active, row.cancelled, row.cancelled_at = False, True, START + at + 5
        self.snapshot.activities[activity].seats_taken = 0
        self.snapshot.activities[activity].open = False
        del self.snapshot.gate[activity]
        self.snapshot.audit_closed[activity] = [len(ended)]
        return self.change("close", activity, at, **facts)

    def violations(self):
        """What each rule finds, by its name."""
        self.snapshot.audit_told = self.snapshot.audit if self.audit_told is None else self.audit_told
        case = checks.Case(History(self.requests, self.faults, self.run), self.snapshot, HEAL_MS)
        found = {name: list(rule(case)) for name, rule in checks.RULES.items()}
        return {name: faults for name, faults in found.items() if faults}


def busy_world():
    """A clean run with a bit of everything."""
    world = World()
    world.book("ann", "bo", "swim", 0)
    world.book("cat", "di", "swim", 10)
    world.refuse("eve", "flo", "swim", 40, "sold_out")
    world.ask("ann", "bo", "swim", 50, 60, status=200, told=world.told("ann-bo-swim"))  # the same key again
    world.refuse("ann", "bo", "swim", 70, "already_booked", key="another")
    world.refuse("ann", "bo", "chess", 90, "overlaps")
    world.book("ann", "bo", "paint", 110)
    world.refuse("ann", "bo", "dance", 130, "limit_reached")
    world.cancel("ann-bo-swim", 5_000)
    world.book("eve", "flo", "swim", 5_100, key="second try")
    world.book("ann", "bo", "chess", 5_200)  # no overlap any more
    world.cancel("ann-bo-chess", 5_300)
    world.book("ann", "bo", "swim", LATER, booking="swim again", key="again")
    world.cancel("eve-flo-swim", LATER - 5_000)
    # One who was never told, and has the booking; and one who was never told, and has none.
    world.row("unknown", "gus", "hal", "paint", 6_000)
    world.ask("gus", "hal", "paint", 5_990, 7_000, outcome="timed_out")
    world.ask("ida", "jo", "paint", 6_000, 6_500, outcome="connection_lost")
    world.ask("ida", "jo", "paint", 6_600, 6_700, status=503, code="unavailable", retry_after=True)
    return world


class ACleanRun(unittest.TestCase):
    def test_has_no_violation(self):
        self.assertEqual(busy_world().violations(), {})

    def test_a_cancellation_without_an_answer_may_be_either(self):
        for done in (True, False):
            world = World()
            world.book("ann", "bo", "swim", 0)
            world.request("cancel", "ann", 1_000, 2_000, booking="ann-bo-swim", outcome="timed_out")
            if done:
                world.gone("ann-bo-swim", 1_500)
            self.assertEqual(world.violations(), {}, done)

    def test_a_request_of_a_client_that_died_may_have_booked(self):
        world = World()
        world.row("late", "ann", "bo", "swim", 9_000)
        world.ask("ann", "bo", "swim", 10, None, outcome=None)
        self.assertEqual(world.violations(), {})

    def test_a_seat_that_came_back_during_a_fault_may_be_refused_until_it_has_healed(self):
        world = World()
        world.book("ann", "bo", "swim", 0)
        world.book("cat", "di", "swim", 10)
        world.cancel("ann-bo-swim", 5_000)
        world.refuse("eve", "flo", "swim", 12_000, "sold_out")
        self.assertIn("refusals were true when given", world.violations())
        world.faults.append(Fault("redis killed", START + 4_000, START + 6_000))
        self.assertEqual(world.violations(), {})


class AStationThatChangesThings(unittest.TestCase):
    """What is allowed then; Doctored has what is not."""

    def setUp(self):
        self.world = busy_world()

    def test_a_seat_more_may_be_sold_from_when_it_was_asked_for(self):
        for capacity, at in ((3, 1_000), (4, 1_500)):
            self.world.give("dance", capacity, at)
        for number in range(4):
            self.world.book(f"user{number}", f"child{number}", "dance", 900 + 200 * number)
        self.world.refuse("lea", "mo", "dance", 1_600, "sold_out")
        self.assertEqual(self.world.violations(), {})

    def test_servers_may_believe_in_the_seats_of_before_until_they_have_heard(self):
        for number in range(2):
            self.world.book(f"user{number}", f"child{number}", "dance", 100 + number)
        self.world.give("dance", 5, 1_000)
        self.world.refuse("lea", "mo", "dance", 2_000, "sold_out")
        self.assertEqual(self.world.violations(), {})

    def test_a_change_whose_outcome_nobody_learned_may_hold_or_not(self):
        for lost in ({"outcome": "timed_out"}, {"outcome": "connection_lost"}):
            for holds in (True, False):
                world = busy_world()
                world.give("dance", 3, 1_000, **lost)
                if not holds:
                    world.snapshot.activities["dance"].capacity = world.snapshot.gate["dance"].capacity = 2
                for number in range(3 if holds else 2):
                    world.book(f"user{number}", f"child{number}", "dance", 1_100 + number)
                world.refuse("lea", "mo", "dance", 1_600, "sold_out")
                self.assertEqual(world.violations(), {}, (lost, holds))

    def test_the_bookings_of_a_cancelled_activity_are_gone_without_their_holders_asking(self):
        for told in ({}, {"outcome": "timed_out"}):
            world = busy_world()
            world.close("paint", 8_000, **told)
            world.refuse("ann", "bo", "paint", 8_100, "closed", key="anew")
            self.assertEqual(world.violations(), {})

    def test_a_place_is_free_for_another_activity_after_the_station_took_it(self):
        """The cap is 2: "again", paint, and now dance."""
        self.world.close("paint", LATER + 1_000)
        self.world.book("ann", "bo", "dance", LATER + 1_100)
        self.world.request("cancel", "ann", LATER + 1_200, LATER + 1_210, booking="ann-bo-paint", status=200)
        self.assertEqual(self.world.violations(), {})

    def test_a_draft_is_not_there_until_everybody_knows_of_its_publication(self):
        self.world.change("publish", "dance", 1_000)
        for at in (500, 2_000):
            self.world.ask("lea", "mo", "dance", at, at + 5, status=404, code="not_found")
        self.world.book("lea", "mo", "dance", 3_000, key="again")
        self.assertEqual(self.world.violations(), {})


class Doctored(unittest.TestCase):
    """Each rule is broken by a world of its own."""

    caught = set()

    @classmethod
    def tearDownClass(cls):
        missing = set(checks.RULES) - cls.caught
        if missing:
            raise AssertionError(f"no doctored world breaks {sorted(missing)}")

    def setUp(self):
        self.world = busy_world()

    def catches(self, rule, *others):
        """This rule finds it; `others` may too, and no rule beside them."""
        found = self.world.violations()
        self.assertIn(rule, found)
        self.assertLessEqual(set(found), {rule, *others}, found)
        self.caught.add(rule)

    def test_one_seat_too_many(self):
        for number in range(2):
            self.world.book(f"user{number}", f"child{number}", "dance", 100 + number)
        self.world.book("one-too-many", "child", "dance", 120)
        self.catches("confirmed <= capacity")

    def test_one_seat_too_many_that_was_given_back_later(self):
        for number in range(3):
            self.world.book(f"user{number}", f"child{number}", "dance", 100 + number)
        self.world.cancel("user0-child0-dance", 3_000)
        self.catches("confirmed <= capacity")

    def test_a_count_that_is_not_the_number_of_bookings(self):
        self.world.snapshot.activities["dance"].seats_taken = 1
        self.catches("confirmed <= capacity")

    def test_an_attendee_twice(self):
        self.world.book("kim", "bo", "paint", 300)
        self.world.snapshot.activities["paint"].capacity = 3
        self.world.snapshot.gate["paint"].capacity = 3
        self.catches("no attendee twice", "caps at every moment")

    def test_an_attendee_twice_for_a_while(self):
        self.world.book("lea", "mo", "dance", 300)
        self.world.book("noa", "mo", "dance", 400)
        self.world.cancel("lea-mo-dance", 2_000)
        self.catches("no attendee twice")

    def test_a_row_that_contradicts_itself(self):
        self.world.snapshot.bookings["ann-bo-paint"].cancelled = True
        self.catches("a booking is active or cancelled")

    def test_a_lost_booking(self):
        for thing in (self.world.snapshot.bookings, self.world.snapshot.gate["paint"].holders):
            del thing["ann-bo-paint"]
        self.world.snapshot.activities["paint"].seats_taken -= 1
        self.world.snapshot.gate["paint"].used -= 1
        self.world.snapshot.audit = [e for e in self.world.snapshot.audit if e.subject != "ann-bo-paint"]
        self.catches("what was told exists", "refusals were true when given")

    def test_a_booking_of_another_time_than_was_told(self):
        row = self.world.snapshot.bookings["ann-bo-paint"]
        self.world.snapshot.audit[2].at = row.created_at = row.created_at + 1
        self.catches("what was told exists")

    def test_a_booking_of_somebody_else_than_was_told(self):
        row = self.world.snapshot.bookings["ann-bo-paint"]
        self.world.snapshot.audit[2].attendee = row.attendee = "zoe"
        self.catches("what was told exists", "nothing that was denied exists", "refusals were true when given")

    def test_a_cancellation_that_was_told_and_did_not_happen(self):
        self.world.request("cancel", "ann", 30_000, 30_010, booking="ann-bo-paint", status=200)
        self.catches("cancelled by its holder alone")

    def test_a_cancellation_that_nobody_asked_for(self):
        self.world.gone("ann-bo-paint", 30_000)
        self.catches("cancelled by its holder alone")

    def test_a_cancellation_that_was_refused_and_happened(self):
        self.world.snapshot.programmes["summer"].cancel_hours = 200
        self.world.gone("ann-bo-paint", 30_000)
        self.world.request("cancel", "ann", 29_990, 30_010, booking="ann-bo-paint", status=409, code="closed")
        self.catches("cancelled by its holder alone")

    def test_a_cancellation_by_somebody_else(self):
        self.world.gone("ann-bo-paint", 30_000)
        self.world.request("cancel", "eve", 29_990, 30_010, booking="ann-bo-paint", status=200)
        self.catches("cancelled by its holder alone")

    def test_a_key_that_was_told_two_bookings(self):
        self.world.book("lea", "mo", "dance", 300, booking="first", key="k")
        self.world.cancel("first", 1_000)
        self.world.book("lea", "mo", "dance", 8_000, booking="second", key="k")
        self.catches("one key, one booking")

    def test_a_key_that_made_a_second_booking_nobody_was_told_of(self):
        self.world.book("lea", "mo", "dance", 300, booking="first", key="k")
        self.world.cancel("first", 1_000)
        self.world.row("second", "lea", "mo", "dance", 8_000)
        self.world.ask("lea", "mo", "dance", 7_990, 8_500, key="k", outcome="timed_out")
        self.catches("nothing that was denied exists")

    def test_two_keys_that_were_told_one_booking(self):
        self.world.ask("ann", "bo", "paint", 900, 910, key="another", status=200, told=self.world.told("ann-bo-paint"))
        self.catches("one key, one booking")

    def test_a_booking_that_every_answer_denied(self):
        self.world.row("denied", "lea", "mo", "dance", 300)
        self.world.ask("lea", "mo", "dance", 295, 310, status=503, code="unavailable", retry_after=True)
        self.catches("nothing that was denied exists")

    def test_a_booking_that_nobody_asked_for(self):
        self.world.row("from nowhere", "lea", "mo", "dance", 300)
        self.catches("nothing that was denied exists")

    def test_a_booking_that_is_older_than_the_wish(self):
        row = self.world.book("lea", "mo", "dance", 300)
        row.created_at -= 1_000
        self.world.snapshot.audit[-1].at = self.world.requests[-1].told["created_at"] = row.created_at
        self.catches("decided between asking and telling")

    def test_a_booking_that_was_told_before_it_was_decided(self):
        row = self.world.book("lea", "mo", "dance", 300)
        row.created_at += 1_000
        self.world.snapshot.audit[-1].at = self.world.requests[-1].told["created_at"] = row.created_at
        self.catches("decided between asking and telling", "the audit tells the same story")

    def test_a_holder_who_is_refused_with_the_same_key(self):
        self.world.refuse("ann", "bo", "paint", 900, "already_booked")
        self.catches("once told, always told")

    def test_a_child_over_its_cap(self):
        self.world.book("ann", "bo", "dance", 25_000)
        self.catches("caps at every moment")

    def test_a_family_over_its_cap_for_a_while(self):
        for number, activity in enumerate(("swim", "chess", "paint", "dance")):
            self.world.snapshot.activities[activity].capacity = self.world.snapshot.gate[activity].capacity = 9
            self.world.book("lea", f"child{number}", activity, 100 * number)
        self.world.cancel("lea-child0-swim", 4_000)
        # With more seats there was no sell-out either.
        self.catches("caps at every moment", "refusals were true when given")

    def test_overlapping_bookings(self):
        self.world.book("eve", "flo", "chess", 6_000)
        self.catches("no overlaps at any moment")

    def test_a_gate_that_lost_a_booking(self):
        del self.world.snapshot.gate["paint"].holders["ann-bo-paint"]
        self.catches("the gate agrees with the ledger")

    def test_a_gate_that_counts_a_seat_that_nobody_holds(self):
        self.world.snapshot.gate["dance"].used = 1
        self.catches("the gate agrees with the ledger")

    def test_a_hold_that_stays(self):
        self.world.snapshot.gate["paint"].holders["unknown"] = False
        self.catches("the gate agrees with the ledger")

    def test_a_gate_that_is_not_there(self):
        del self.world.snapshot.gate["dance"]
        self.catches("the gate agrees with the ledger")

    def test_an_audit_without_a_booking_s_entry(self):
        del self.world.snapshot.audit[0]
        self.catches("the audit tells the same story")

    def test_an_audit_that_tells_a_booking_twice(self):
        self.world.snapshot.audit.append(copy.copy(self.world.snapshot.audit[0]))
        self.catches("the audit tells the same story")

    def test_an_audit_that_tells_of_a_booking_that_does_not_exist(self):
        self.world.snapshot.audit.append(dataclasses.replace(self.world.snapshot.audit[0], subject="elsewhere"))
        self.catches("the audit tells the same story")

    def test_an_audit_that_tells_another_child(self):
        self.world.snapshot.audit[0].attendee = "zoe"
        self.catches("the audit tells the same story")

    def test_an_audit_that_tells_of_a_booking_before_it_was_decided(self):
        self.world.snapshot.audit[0].at -= 1
        self.catches("the audit tells the same story")

    def test_an_audit_that_tells_of_a_booking_after_its_holder_knew(self):
        self.world.snapshot.audit[0].at += 3  # another of the same commit may have been decided later
        self.assertEqual(self.world.violations(), {})
        self.world.snapshot.audit[0].at += 100
        self.catches("the audit tells the same story")

    def test_an_audit_without_a_cancellation(self):
        self.world.snapshot.audit = [e for e in self.world.snapshot.audit if e.action != "booking.cancel"]
        self.catches("the audit tells the same story")

    def test_an_audit_that_tells_of_a_cancellation_that_did_not_happen(self):
        self.world.snapshot.audit.append(AuditEntry("booking.cancel", "ann-bo-paint", "ann", START))
        self.catches("the audit tells the same story")

    def test_a_seat_that_was_sold_before_there_was_one_more(self):
        for number in range(3):
            self.world.book(f"user{number}", f"child{number}", "dance", 100 + number)
        self.world.give("dance", 3, 1_000)
        self.catches("confirmed <= capacity")

    def test_a_seat_that_was_sold_after_there_was_one_less(self):
        self.world.give("dance", 1, 1_000)
        for number in range(2):
            self.world.book(f"user{number}", f"child{number}", "dance", 2_000 + number)
        self.world.cancel("user0-child0-dance", 3_000)
        self.catches("confirmed <= capacity")

    def test_fewer_seats_than_are_taken(self):
        for number in range(2):
            self.world.book(f"user{number}", f"child{number}", "dance", 100 + number)
        self.world.give("dance", 1, 1_000)
        self.world.cancel("user0-child0-dance", 3_000)
        self.catches("confirmed <= capacity")

    def test_sold_out_long_after_there_was_one_more(self):
        for number in range(2):
            self.world.book(f"user{number}", f"child{number}", "dance", 100 + number)
        self.world.give("dance", 3, 1_000)
        self.world.refuse("lea", "mo", "dance", 3_000, "sold_out")
        self.catches("refusals were true when given")

    def test_a_capacity_that_was_told_and_is_not_there(self):
        self.world.give("dance", 3, 1_000)
        self.world.snapshot.activities["dance"].capacity = self.world.snapshot.gate["dance"].capacity = 2
        self.catches("changed as its station asked")

    def test_a_capacity_that_was_refused_and_is_there(self):
        self.world.give("dance", 3, 1_000, status=412, code="version_mismatch")
        self.catches("changed as its station asked")

    def test_an_activity_whose_cancellation_was_told_and_that_is_open(self):
        self.world.change("close", "dance", 1_000)
        self.catches("changed as its station asked", "the audit tells the same story")

    def test_an_activity_that_was_cancelled_and_keeps_a_booking(self):
        self.world.close("paint", 8_000)
        row = self.world.snapshot.bookings["ann-bo-paint"]
        row.active, row.cancelled, row.cancelled_at = True, False, None
        self.world.snapshot.activities["paint"].seats_taken = 1
        self.world.snapshot.audit_closed["paint"] = [1]
        self.catches("changed as its station asked")

    def test_an_activity_that_was_published_and_closed_by_nobody(self):
        self.world.change("publish", "dance", 1_000)
        self.world.snapshot.activities["dance"].open = False
        self.catches("changed as its station asked")

    def test_an_activity_whose_publication_was_refused_and_that_is_open(self):
        self.world.change("publish", "dance", 1_000, status=503, code="unavailable", retry_after=True)
        self.catches("changed as its station asked")

    def test_bookings_that_are_gone_without_anybody_cancelling_their_activity(self):
        self.world.close("paint", 8_000, status=503, code="unavailable", retry_after=True)
        self.catches("cancelled by its holder alone", "the audit tells the same story")

    def test_an_audit_that_tells_of_fewer_bookings_than_went_with_their_activity(self):
        self.world.close("paint", 8_000)
        self.world.snapshot.audit_closed["paint"] = [1]
        self.catches("the audit tells the same story")

    def test_an_activity_that_is_not_found_long_after_its_publication(self):
        self.world.change("publish", "dance", 1_000)
        self.world.ask("lea", "mo", "dance", 6_000, 6_005, status=404, code="not_found")
        self.catches("answers of the contract")

    def test_an_activity_that_is_not_found_though_it_was_there_before(self):
        self.world.ask("lea", "mo", "dance", 300, 305, status=404, code="not_found")
        self.catches("answers of the contract")

    def test_an_api_that_leaves_out_an_entry(self):
        self.world.audit_told = self.world.snapshot.audit[1:]
        self.catches("the API tells the audit that is written")

    def test_an_api_that_tells_an_entry_twice(self):
        self.world.audit_told = self.world.snapshot.audit + self.world.snapshot.audit[:1]
        self.catches("the API tells the audit that is written")

    def test_an_api_that_tells_of_another_user(self):
        self.world.audit_told = copy.deepcopy(self.world.snapshot.audit)
        self.world.audit_told[0].actor = "zoe"
        self.catches("the API tells the audit that is written")

    def test_a_chain_that_was_cut_out_of(self):
        del self.world.snapshot.audit_rows[1]
        self.catches("the audit's chains are whole")

    def test_a_chain_without_its_beginning(self):
        del self.world.snapshot.audit_rows[0]
        self.catches("the audit's chains are whole")

    def test_a_row_that_was_changed(self):
        self.world.snapshot.audit_rows[1].actor = b"zoe"
        self.catches("the audit's chains are whole")

    def test_a_last_row_that_was_changed_with_its_hash_left(self):
        self.world.snapshot.audit_rows[2].detail = b'{"capacity": 9}'
        self.catches("the audit's chains are whole")

    def test_a_row_that_was_changed_and_hashed_anew(self):
        row = self.world.snapshot.audit_rows[1]
        row.at += 1
        row.hash = chains.hash_of(row)
        self.catches("the audit's chains are whole")

    def test_a_first_row_that_claims_one_before_it(self):
        row = self.world.snapshot.audit_rows[3]
        row.prev_hash = b"x" * 32
        row.hash = chains.hash_of(row)
        self.catches("the audit's chains are whole")

    def test_a_line_that_tells_of_no_booking(self):
        row = self.world.snapshot.audit_rows[3]
        row.detail = row.detail[:-20]
        row.detail = row.detail.replace(b" @", b" ", 1)
        row.hash = chains.hash_of(row)
        self.catches("the audit's chains are whole")

    def test_an_answer_that_no_fault_excuses(self):
        self.world.ask("lea", "mo", "dance", 300, 310, status=500, code="internal")
        self.catches("answers of the contract")

    def test_an_outage_without_a_time_to_come_back(self):
        self.world.ask("lea", "mo", "dance", 300, 310, status=503, code="unavailable")
        self.catches("answers of the contract")

    def test_sold_out_while_a_seat_was_free(self):
        self.world.refuse("lea", "mo", "dance", 300, "sold_out")
        self.catches("refusals were true when given")

    def test_sold_out_after_a_seat_came_back_for_good(self):
        self.world.cancel("cat-di-swim", LATER + 5_000)
        self.world.refuse("lea", "mo", "swim", LATER + 5_500, "sold_out")  # may not have been known yet
        self.assertEqual(self.world.violations(), {})
        self.world.refuse("lea", "mo", "swim", LATER + 8_000, "sold_out")
        self.catches("refusals were true when given")

    def test_sold_out_only_by_holds_is_not_held_against_the_seats(self):
        self.world.refuse("lea", "mo", "dance", 300, "sold_out", provisional=True)
        self.assertEqual(self.world.violations(), {})

    def test_already_booked_without_a_booking(self):
        self.world.refuse("lea", "mo", "dance", 300, "already_booked")
        self.catches("refusals were true when given")

    def test_a_cap_that_was_not_reached(self):
        self.world.refuse("cat", "di", "dance", 300, "limit_reached")
        self.catches("refusals were true when given")

    def test_an_overlap_with_nothing(self):
        self.world.refuse("cat", "di", "paint", 300, "overlaps")
        self.catches("refusals were true when given")


class TheAuditTable(unittest.TestCase):
    def test_a_row_tells_of_each_of_its_bookings(self):
        first, second = ([letter * 32 for letter in letters] for letters in ("abcd", "0123"))
        row = chain_of(b"chain", 1)[0]
        row.detail = f"{' '.join(first)} @::1 r\n{' '.join(second)} @ r\n".encode()
        self.assertEqual(list(chains.entries([row], START)),
                         [AuditEntry("booking.create", ids[0], ids[3], row.at, ids[1], ids[2])
                          for ids in (first, second)])

    def test_an_activity_s_end_tells_how_many_bookings_went_with_it(self):
        row = chain_of(b"chain", 1)[0]
        row.action, row.detail = chains.CLOSED, b'{"reason": "rain", "bookings": 3}'
        self.assertEqual(chains.closed([row]), {b"subject".hex(): [3]})

    def test_what_is_older_and_what_is_no_booking_is_left_out(self):
        rows = chain_of(b"chain", 3)
        self.assertEqual(list(chains.entries(rows, START + 2)), [])
        rows[2].action = chains.CANCELLED
        self.assertEqual(list(chains.entries(rows, START + 2)),
                         [AuditEntry("booking.cancel", b"subject".hex(), b"actor".hex(), START + 3)])


class TheFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="zl-")
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "history.jsonl"

    def test_what_is_recorded_is_read_again(self):
        recorder = Recorder(self.path, seed=7)
        first = recorder.invoked("book", "ann", "http://here", attendee="bo", activity="swim", key="k")
        second = recorder.invoked("cancel", "cat", "http://here", booking="b")
        recorder.ended(second, "timed_out")
        recorder.ended(first, "answered", status=409, code="sold_out", retry_after=False,
                       violations=[{"code": "sold_out", "provisional": False}])
        recorder.invoked("book", "eve", "http://here", attendee="flo", activity="swim", key="l")
        recorder.fault("redis killed", 1, 2)
        recorder.close()
        read = history.read([self.path])
        self.assertEqual(read.run["seed"], 7)
        self.assertEqual(read.faults, [Fault("redis killed", 1, 2)])
        self.assertEqual([(r.user, r.outcome, r.denied, r.unknown) for r in read.requests],
                         [("ann", "answered", True, False), ("cat", "timed_out", False, True), ("eve", None, False, True)])
        self.assertEqual(read.requests[0].definitive, [{"code": "sold_out", "provisional": False}])

    def test_the_files_of_several_clients_are_one_history(self):
        paths = [self.path, self.path.with_suffix(".second")]
        for path in paths:
            recorder = Recorder(path)
            recorder.ended(recorder.invoked("cancel", "ann", "http://here", booking=path.name), "not_sent")
            recorder.close()
        read = history.read(paths)
        self.assertEqual([(r.number, r.booking) for r in read.requests], [(1, paths[0].name), (2, paths[1].name)])

    def test_a_line_that_a_killed_client_did_not_finish_is_left_out(self):
        self.path.write_text('{"event": "run", "at": 1}\n{"event": "invo')
        self.assertEqual(history.read([self.path]).requests, [])

    def test_a_history_that_can_t_be_right_is_refused(self):
        invoked = {"event": "invoked", "request": 1, "at": 1, "kind": "cancel", "user": "ann", "server": "", "booking": "b"}
        ended = {"event": "timed_out", "request": 1, "at": 2}
        for events in ([ended], [invoked, invoked], [invoked, ended, ended], [invoked | {"event": "dreamt"}],
                       [invoked, ended | {"mood": "good"}]):
            self.path.write_text("".join(json.dumps(event) + "\n" for event in events))
            with self.assertRaises(history.Unreadable, msg=events):
                history.read([self.path])


class TheVerdict(unittest.TestCase):
    def test_a_run_without_bookings_has_tested_nothing(self):
        counts = {"bookings asked for": 3, "bookings in the ledger": 2}
        self.assertFalse(verdict.Verdict([], counts).tested_nothing)
        for name in counts:
            self.assertTrue(verdict.Verdict([], counts | {name: 0}).tested_nothing)


if __name__ == "__main__":
    unittest.main()
