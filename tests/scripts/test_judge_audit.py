#!/usr/bin/python3 -B
"""loadtest/judge on the gate's counts, the audit with its chains, and what the API tells of it."""
import copy
import dataclasses
import unittest

from judge_world import START, Doctored, busy_world, chain_of  # before judge_tool, which it puts on the path
from judge_tool import chains
from judge_tool.snapshot import AuditEntry


class DoctoredGate(Doctored):
    def test_a_gate_that_lost_a_booking(self):
        del self.world.snapshot.gate["paint"].holders["ann-bo-paint"]
        self.catches("the gate agrees with the ledger")

    def test_a_gate_that_counts_a_seat_that_nobody_holds(self):
        self.world.snapshot.gate["dance"].used = 1
        self.catches("the gate agrees with the ledger")

    def test_a_gate_that_has_another_number_of_seats(self):
        for capacity in (1, 3):
            self.world.snapshot.gate["dance"].capacity = capacity
            self.catches("the gate agrees with the ledger")

    def test_a_hold_that_stays(self):
        self.world.snapshot.gate["paint"].holders["unknown"] = False
        self.catches("the gate agrees with the ledger")

    def test_a_gate_that_is_not_there(self):
        del self.world.snapshot.gate["dance"]
        self.catches("the gate agrees with the ledger")


class DoctoredAudit(Doctored):
    def test_an_audit_without_a_booking_s_entry(self):
        del self.world.snapshot.audit[0]
        self.catches("the audit tells the same story")

    def test_an_audit_that_tells_a_booking_twice(self):
        self.world.snapshot.audit.append(copy.copy(self.world.snapshot.audit[0]))
        self.catches("the audit tells the same story")

    def test_an_audit_that_tells_of_a_booking_that_does_not_exist(self):
        self.world.snapshot.audit.append(dataclasses.replace(self.world.snapshot.audit[0], subject="elsewhere"))
        self.catches("the audit tells the same story")

    def test_an_audit_that_tells_another_child_parent_or_activity(self):
        for name, other in (("attendee", "zoe"), ("actor", "zoe"), ("activity", "dance")):
            self.world = busy_world()
            setattr(self.world.snapshot.audit[0], name, other)
            self.catches("the audit tells the same story")

    def test_an_audit_that_tells_of_a_cancellation_by_another_or_at_another_time(self):
        for name, other in (("actor", "zoe"), ("at", START + 5_004)):
            self.world = busy_world()
            entry = next(entry for entry in self.world.snapshot.audit if entry.action == "booking.cancel")
            self.assertNotEqual(getattr(entry, name), other)
            setattr(entry, name, other)
            self.catches("the audit tells the same story")

    def test_an_audit_that_tells_of_a_booking_before_it_was_decided(self):
        self.world.snapshot.audit[0].at -= 1
        self.catches("the audit tells the same story")

    def test_an_audit_that_tells_of_a_booking_after_its_holder_knew(self):
        self.world.snapshot.audit[0].at += 7  # another of the same commit may have been decided later
        self.assertEqual(self.world.violations(), {})
        self.world.snapshot.audit[0].at += 1
        self.catches("the audit tells the same story")

    def test_an_audit_without_a_cancellation(self):
        self.world.snapshot.audit = [e for e in self.world.snapshot.audit if e.action != "booking.cancel"]
        self.catches("the audit tells the same story")

    def test_an_audit_that_tells_of_a_cancellation_that_did_not_happen(self):
        self.world.snapshot.audit.append(AuditEntry("booking.cancel", "ann-bo-paint", "ann", START))
        self.catches("the audit tells the same story")

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

    def test_a_row_that_was_taken_out_and_the_next_one_tied_to_the_one_before(self):
        rows = self.world.snapshot.audit_rows
        del rows[1]
        rows[1].prev_hash = rows[0].hash
        rows[1].hash = chains.hash_of(rows[1])
        self.catches("the audit's chains are whole")

    def test_a_line_that_tells_of_no_booking(self):
        for damage in (lambda detail: detail.replace(b" @", b" ", 1), lambda detail: detail[:-40], lambda detail: b"\n" + detail):
            self.world = busy_world()
            row = self.world.snapshot.audit_rows[3]
            row.detail = damage(row.detail)
            row.hash = chains.hash_of(row)
            self.catches("the audit's chains are whole")


class TheAuditTable(unittest.TestCase):
    def test_a_row_tells_of_each_of_its_bookings(self):
        first, second = ([letter * 32 for letter in letters] for letters in ("abcd", "0123"))
        row = chain_of(b"chain", 1)[0]
        row.detail = f"{' '.join(first)} @::1 r\n{' '.join(second)} @ r\n".encode()
        self.assertEqual(list(chains.entries([row], START)),
                         [AuditEntry("booking.create", ids[0], ids[3], row.at, ids[1], ids[2])
                          for ids in (first, second)])

    def test_an_activity_s_end_tells_how_many_bookings_went_with_it(self):
        rows = chain_of(b"chain", 3)
        rows[1].action = chains.CLOSED
        rows[1].detail = rows[2].detail = b'{"reason": "rain", "bookings": 3}'
        self.assertEqual(chains.closed(rows), {b"subject".hex(): [3]})

    def test_what_is_older_and_what_is_no_booking_is_left_out(self):
        rows = chain_of(b"chain", 3)
        rows[2].detail = rows[0].detail
        self.assertEqual(list(chains.entries(rows, START + 2)), [])
        rows[2].action = chains.CANCELLED
        self.assertEqual(list(chains.entries(rows, START + 2)),
                         [AuditEntry("booking.cancel", b"subject".hex(), b"actor".hex(), START + 3)])


if __name__ == "__main__":
    unittest.main()
