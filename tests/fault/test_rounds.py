"""A few rounds of faults, judged; `scripts/test fault --rounds N --seed S` runs as many as wanted."""

import unittest

from nemesis import Blow, Change, Plan, draw
from rounds import Scene
from support.tcp_gate import Fault

RULES = {"max_per_attendee": 2, "max_per_user": 3, "forbid_overlap": True, "cancel_hours": 24}
PROGRAMMES = [RULES | {"activities": [(6, 0), (4, 1), (9, 4)]}, RULES | {"max_per_user": None, "activities": [(5, 0), (8, 4)]}]

scene = None


def setUpModule():
    global scene
    scene = Scene()


def tearDownModule():
    scene.close()


class Rounds(unittest.TestCase):
    def survives(self, name, servers, *blows, changes=(), programmes=PROGRAMMES):
        plan = Plan(f"short.{name}", servers, 2.5, 24, programmes, list(blows), list(changes))
        found = scene.run(plan)
        self.assertEqual(found.violations, [], f"{plan}\n{found.text()}")
        self.assertFalse(found.tested_nothing, found.text())
        return found

    def test_a_plan_is_drawn_from_the_seed_and_the_number_alone(self):
        plans = [str(draw("7", number)) for number in range(20)]
        self.assertEqual(plans, [str(draw("7", number)) for number in range(20)])
        self.assertEqual(len(set(plans)), len(plans))

    def test_about_half_of_the_programmes_open_while_parents_press_and_a_few_close(self):
        programmes = [wanted for number in range(200) for wanted in draw("7", number).programmes]
        for moment, least, most in (("opens_s", 0.4, 0.6), ("closes_s", 0.05, 0.25)):
            self.assertTrue(least < sum(moment in wanted for wanted in programmes) / len(programmes) < most, moment)

    def test_a_calm_rush_is_judged_without_any_grace(self):
        self.assertEqual(self.survives("calm", 2).counts["faults"], 0)

    def test_everything_is_killed_and_redis_comes_back_with_a_truncated_log(self):
        found = self.survives("kill", 2, Blow(0, "kill", ("server0",), 0.2, between=True),
                              Blow(0.8, "kill", ("mariadb", "redis"), 0.3, "with a truncated log", 0.5))
        self.assertGreater(found.counts["grants without a commit at a blow"], 0)

    def test_everything_stands_still_and_goes_on(self):
        self.survives("stop", 2, Blow(0.2, "stop", ("redis",), 0.8), Blow(1.2, "stop", ("mariadb", "server1"), 1.5))

    def test_answers_are_lost_after_commit_was_sent(self):
        found = self.survives("cut", 1, Blow(0.3, "cut", ("server0",), 1, cut=("mariadb", Fault.RESET_AFTER_COMMIT)))
        self.assertEqual(found.counts["  that hit something"], 1)

    def test_blows_fall_when_programmes_open_and_close(self):
        programmes = [PROGRAMMES[0] | {"opens_s": 0.9, "closes_s": 2.2}, PROGRAMMES[1] | {"opens_s": 1.4}]
        found = self.survives("release", 2, Blow(0, "kill", ("server0",), 0.2, between=True),
                              Blow(1.3, "kill", ("redis",), 0.3, "empty"), Blow(2.1, "stop", ("mariadb",), 0.3),
                              programmes=programmes)
        self.assertGreaterEqual(found.counts["programmes that opened under way"], 1)
        self.assertGreater(found.counts["  presses there that were told not_open"], 0)
        self.assertGreater(found.counts["grants without a commit at a blow"], 0)

    def test_the_station_changes_things_while_a_server_and_redis_are_killed(self):
        changes = [Change(0.1, "capacity", 0, 9), Change(0.3, "capacity", 2, 5), Change(0.5, "publish", 4),
                   Change(0.9, "close", 1), Change(1.2, "capacity", 3, 1), Change(1.4, "capacity", 3, 7)]
        found = self.survives("office", 2, Blow(0.6, "kill", ("server0", "redis"), 0.3, "empty"), changes=changes)
        self.assertGreaterEqual(found.counts["changes by the station that were done"], 4)
