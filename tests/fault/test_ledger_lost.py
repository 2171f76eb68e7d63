"""MariaDB crashes or stands still: nothing but "come back" is told, and retries get the truth."""

import threading
import time

from scene import RULES, SETTINGS, FaultCase, has_seat
from town import eventually

CAPACITY = 20
FAMILIES = 30
TOLD_BEFORE = 5  # families that have had their answer when the fault comes
STILL_S = 3


def setUpModule():
    FaultCase.start_town(**SETTINGS)


def tearDownModule():
    FaultCase.stop_town()


class InARush(FaultCase):
    def test_a_crash_loses_no_booking_that_was_told(self):
        rush = self.rush(400, 4)
        programme_id = rush.programme_id()
        self.wait_until_sold(programme_id, 50)
        self.stack.kill_store("mariadb")
        self.stack.store("start-mariadb")
        self.passes(rush)
        self.prove_healed(programme_id)

    def test_a_standstill_loses_no_booking_that_was_told(self):
        rush = self.rush(400, 4)
        programme_id = rush.programme_id()
        self.wait_until_sold(programme_id, 50)
        with self.paused("mariadb"):
            time.sleep(STILL_S)
        self.passes(rush)
        self.prove_healed(programme_id)


class WithACrowd(FaultCase):
    def test_retries_get_the_truth_after_a_crash(self):
        programme = self.town.programme(**RULES)
        activity = self.town.activity(programme, CAPACITY)
        crowd = self.crowd(FAMILIES)
        calm = threading.Event()
        presses = crowd.press_until_told(activity, calm=calm)
        try:
            crowd.wait_until_told(TOLD_BEFORE)
            self.stack.kill_store("mariadb")
            self.stack.store("start-mariadb")
        finally:
            calm.set()
        told = self.sold_as_told([press.result() for press in presses], activity)
        again = [press.result().answer for press in crowd.press_until_told(activity)]
        self.assertEqual([answer.json["id"] for answer in again if has_seat(answer)], told)
        self.prove_healed(programme["id"])

    def test_a_retry_while_the_ledger_is_away_costs_nobody_the_seat(self):
        programme = self.town.programme(**RULES)
        activity = self.town.activity(programme, CAPACITY)
        crowd = self.crowd(CAPACITY)
        told = self.sold_as_told([press.result() for press in crowd.press_until_told(activity)], activity)
        self.stack.kill_store("mariadb")
        try:
            for answer in [press.result() for press in crowd.press_once(activity)]:
                self.refused(answer, 503, "unavailable")
            self.assertEqual(self.gate.holders(programme["id"], activity["id"]), CAPACITY)
        finally:
            self.stack.store("start-mariadb")
        again = [press.result() for press in crowd.press_until_told(activity)]
        self.assertEqual(self.sold_as_told(again, activity), told)
        self.prove_healed(programme["id"])

    def test_a_server_that_nobody_asks_any_more_is_ready_again_after_an_outage(self):
        programme = self.town.programme(**RULES)
        activity = self.town.activity(programme, CAPACITY)
        crowd = self.crowd(CAPACITY)
        self.sold_as_told([press.result() for press in crowd.press_until_told(activity)], activity)
        self.stack.kill_store("mariadb")
        try:
            for answer in [press.result() for press in crowd.press_once(activity)]:  # each a writer's try to connect
                self.refused(answer, 503, "unavailable")
            client = self.town.client()
            eventually(lambda: client.get("/readyz").status == 503, what="/readyz 503")
        finally:
            self.stack.store("start-mariadb")
        # Whoever asks /readyz sends nobody until it is ready.
        eventually(lambda: client.get("/readyz").status == 200, what="/readyz 200")
        self.wait_until_everybody_is_served()
        self.prove_healed(programme["id"])

    def test_a_standstill_longer_than_the_patience_of_a_booking_is_not_a_refusal(self):
        programme = self.town.programme(**RULES)
        activity = self.town.activity(programme, CAPACITY)
        crowd = self.crowd(CAPACITY)
        with self.paused("mariadb"):
            presses = crowd.press_until_told(activity)
            self.wait_until_held(programme, activity, 1)
            time.sleep(STILL_S)
        told = self.sold_as_told([press.result() for press in presses], activity)
        self.assertEqual(len(told), CAPACITY)
        self.prove_healed(programme["id"])
