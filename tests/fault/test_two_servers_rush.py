"""Two server processes sell one programme from one Redis and one database, half of the parents at each."""

# Alone on the machine: a rush.

from scene import SETTINGS, FaultCase, make_demo

SEATS = 300
PARENTS_EACH = 400

other_server = None


def setUpModule():
    global other_server
    FaultCase.start_town(**SETTINGS)
    other_server = FaultCase.town.stack.start_server()


def tearDownModule():
    FaultCase.stop_town()


class TwoServersRush(FaultCase):
    def test_both_together_sell_every_seat_once(self):
        programme_id = make_demo(self.stack, opens_in_s=20)
        rushes = [self.rush(PARENTS_EACH, 5, url=url, programme=programme_id, seed=seed)
                  for seed, url in ((1, self.stack.url), (2, other_server.url))]
        for rush in rushes:
            self.passes(rush)
        self.assertEqual(self.ledger.sold(programme_id), SEATS)
        self.audit_ledger()
        self.wait_until_settled(programme_id)
        self.prove_healed(programme_id)
