"""The rush: a thousand parents, the demo's fourteen activities and three hundred seats."""

# Alone on the machine: a rush.

from scene import SETTINGS, FaultCase, make_demo

SEATS = 300


def setUpModule():
    FaultCase.start_town(**SETTINGS)


def tearDownModule():
    FaultCase.stop_town()


class TheRush(FaultCase):
    def test_a_thousand_parents_get_every_seat_once(self):
        programme_id = make_demo(self.stack, opens_in_s=15)
        rush = self.rush(1000, 5, programme=programme_id)
        self.passes(rush)
        self.assertIn(f"{SEATS} of {SEATS} seats sold", rush.text)
        self.assertEqual(self.ledger.sold(programme_id), SEATS)
        self.audit_ledger()
        self.wait_until_settled(programme_id)
        self.prove_healed(programme_id)
