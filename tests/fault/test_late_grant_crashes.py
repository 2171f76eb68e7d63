"""Redis grants seats to parents who were told already that it is silent, and the server is killed between any two steps of
giving them back, at each of its crash points: the seat is somebody's all the same, and once."""

import unittest

from crash_orders import crash_points, town_under_orders
from scene import RULES, FaultCase, has_seat, press_until_told
from town import book, key

DIES_WITHIN_S = 30
# Later than late grants are given back, which is after three seconds.
SETTINGS = {"booking__hold_ttl_ms": 10_000, "booking__reconcile_interval_ms": 200, "mysql__item_deadline_ms": 2_000,
            # After twice as long the link is given up, and a late answer with it.
            "redis__command_timeout_ms": 2_000}
HELD_AT = {"late_grant.heard": 1, "late_grant.waited": 1, "late_grant.returned": 0}

orders = None


def setUpModule():
    global orders
    orders = unittest.enterModuleContext(town_under_orders(FaultCase, **SETTINGS))


class KilledGivingBack(FaultCase):
    def begin(self):
        self.wait_until_ready()
        self.programme = self.town.programme(**RULES)
        self.activity = self.town.activity(self.programme, 1)
        self.parent, self.child = self.town.family()
        self.key = key()

    def kill_at(self, point):
        """The grant comes when its parent was told to come back, and the server dies of it."""
        orders.give(point, 1)
        try:
            with self.paused("redis"):
                self.refused(book(self.parent, self.activity, self.child, self.key), 503, "unavailable")
            self.stack.server.wait_killed(DIES_WITHIN_S)
        finally:
            orders.withdraw()
        said = self.stack.server.log()
        of_it = (self.programme["id"], self.activity["id"])
        left = (self.gate.used(*of_it), self.gate.pending(*of_it), len(self.ledger.booked(self.activity["id"])))
        self.restart_server()
        self.assertIn(f"crash point {point}", said)
        self.assertEqual(left, (HELD_AT[point], HELD_AT[point], 0))

    def test_all_points_are_visited(self):
        self.assertEqual({point for point in crash_points() if point.startswith("late_grant.")}, set(HELD_AT))

    def test_somebody_else_gets_the_seat_where_the_parent_stays_away(self):
        for point in HELD_AT:
            with self.subTest(point=point):
                self.begin()
                self.kill_at(point)
                self.prove_healed(self.programme["id"])

    def test_a_parent_who_comes_again_has_the_seat_once(self):
        for point in HELD_AT:
            with self.subTest(point=point):
                self.begin()
                self.kill_at(point)
                told = press_until_told(self.parent, self.activity, self.child, self.key, lambda: self.town.url).answer
                self.assertTrue(has_seat(told), str(told))
                self.assertEqual(self.ledger.booked(self.activity["id"]), {told.json["id"]})
                self.prove_healed(self.programme["id"])


if __name__ == "__main__":
    unittest.main()
