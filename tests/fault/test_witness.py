"""The judge's verdict at the end of a class of fault tests: what happens behind the clients' backs is found, and a class whose
clients pressed for nothing, or unseen, has tested nothing."""

from unittest import mock

import witness
from client import Client, made
from scene import RULES, FaultCase
from town import book

CAPACITY = 3


def setUpModule():
    FaultCase.start_town()


def tearDownModule():
    FaultCase.stop_town()


class Witnessing(FaultCase):
    """Each test ends with a verdict of its own, and with nothing left for the class's."""

    def setUp(self):
        super().setUp()
        self.witness = self.town.witness
        self.addCleanup(self.witness.begin)
        self.enterContext(mock.patch.object(witness, "HEAL_MS", 500))  # what is doctored stays
        self.activity = self.town.activity(self.town.programme(**RULES), CAPACITY)

    def press(self):
        """A seat for everybody; the families."""
        crowd = self.crowd(CAPACITY - 1)
        self.sold_as_told([press.result() for press in crowd.press_until_told(self.activity)], self.activity)
        return crowd.families

    def verdict(self):
        return self.witness.verdict(self.town)

    def finds(self, *rules):
        violations = self.verdict().violations
        for rule in rules:
            self.assertTrue([fault for fault in violations if fault.startswith(f"{rule}: ")], violations)

    def test_what_was_told_true_passes_and_is_counted(self):
        [(parent, _, _), *_] = self.press()
        booking, = self.ledger.rows(f"SELECT LOWER(HEX(id)) FROM bookings WHERE user_id = X'{parent.me['id']}'")
        self.assertEqual(parent.delete(f"/bookings/{booking[0]}").status, 200)
        found = self.verdict()
        self.assertEqual(found.violations, [])
        self.assertFalse(found.tested_nothing)
        counted = {"bookings asked for": CAPACITY - 1, "cancellations asked for": 1, "bookings in the ledger": CAPACITY - 1}
        self.assertEqual({name: found.counts[name] for name in counted}, counted)

    def test_a_booking_that_is_lost_is_found(self):
        self.press()
        self.ledger.rows(f"DELETE FROM bookings WHERE activity_id = X'{self.activity['id']}' LIMIT 1")
        self.finds("what was told exists", "confirmed <= capacity", "the audit tells the same story")

    def test_a_booking_that_no_client_asked_for_is_found_in_a_programme_that_was_made_here_alone(self):
        self.press()
        unseen, child = self.town.family()
        client = Client(self.town.url, unseen.token)
        self.addCleanup(client.close)
        made(book(client, self.activity, child))
        self.finds("nothing that was denied exists")
        self.witness.own.discard(self.activity["programme_id"])
        self.assertEqual(self.verdict().violations, [])

    def test_a_crowd_that_does_not_press_or_is_not_seen_has_tested_nothing(self):
        self.crowd(1)
        self.assertTrue(self.verdict().tested_nothing)
        self.witness.begin()
        with mock.patch.dict(witness.KINDS, clear=True):
            self.press()
        self.assertTrue(self.verdict().tested_nothing)

    def test_where_nobody_was_to_press_there_is_no_verdict(self):
        self.assertIsNone(self.verdict())
