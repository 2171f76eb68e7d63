"""Redis forgets, comes back with less than it had acknowledged, or is away, always while people press."""

import os
import shutil
import threading
import time

from scene import RULES, SETTINGS, FaultCase, is_last_word
from town import book, key

CAPACITY = 20
AWAY_S = 3
KEPT_OF_AOF = 0.6


def setUpModule():
    FaultCase.start_town(**SETTINGS)


def tearDownModule():
    FaultCase.stop_town()


class InARush(FaultCase):
    def test_a_flush_costs_nobody_a_seat(self):
        rush = self.rush(500, 4)
        programme_id = rush.programme_id()
        for seats in (20, 80, 150):
            self.wait_until_sold(programme_id, seats)
            self.gate.run("FLUSHALL")
        self.passes(rush)
        self.prove_healed(programme_id)

    def test_an_outage_is_told_with_a_time_to_come_back_and_heals(self):
        rush = self.rush(300, 4)
        programme_id = rush.programme_id()
        bystander = self.town.activity()
        parent, child = self.town.family()
        self.wait_until_sold(programme_id, 50)
        self.stack.kill_store("redis")
        try:
            self.told_to_come_back(parent, child, bystander)
        finally:
            self.stack.store("start-redis")
        self.wait_until_ready()
        self.passes(rush)
        self.book_in_time(parent, child, bystander["id"])
        self.prove_healed(programme_id)

    def told_to_come_back(self, parent, child, activity):
        """For long enough that links give up and try again several times."""
        self.wait_until_ready(503)
        back_at = time.monotonic() + AWAY_S
        while time.monotonic() < back_at:
            answer = book(parent, activity, child, key())
            self.refused(answer, 503, "unavailable")
            self.assertFalse(is_last_word(answer))


class WithGrantsOnTheirWay(FaultCase):
    def survive(self, break_it):
        """The gate breaks while half of the seats are booked and the other half is granted, but not yet committed."""
        programme = self.town.programme(**RULES)
        activity = self.town.activity(programme, CAPACITY)
        early, late = self.crowd(CAPACITY // 2), self.crowd(CAPACITY)
        calm = threading.Event()
        presses = early.press_until_told(activity, calm=calm)
        try:
            early.wait_until_told(CAPACITY // 2)
            with self.ledger.seats_locked(activity["id"]):
                presses += late.press_until_told(activity, calm=calm)
                self.wait_until_held(programme, activity, CAPACITY // 2)
                break_it()
            late.wait_until_told(CAPACITY)
        finally:
            calm.set()
        self.sold_as_told([press.result() for press in presses], activity)
        self.prove_healed(programme["id"])

    def test_redis_loses_its_data_and_the_functions(self):
        def break_it():
            self.gate.run("FLUSHALL")
            self.gate.run("FUNCTION", "FLUSH")

        self.survive(break_it)

    def test_redis_comes_back_empty(self):
        def break_it():
            self.stack.kill_store("redis")
            shutil.rmtree(self.redis_files())
            self.stack.store("start-redis")

        self.survive(break_it)

    def test_redis_comes_back_without_what_it_acknowledged_last(self):
        def break_it():
            self.stack.kill_store("redis")
            [log] = self.redis_files().glob("*.incr.aof")
            os.truncate(log, int(log.stat().st_size * KEPT_OF_AOF))
            self.stack.store("start-redis")

        self.survive(break_it)

    def test_redis_comes_back_without_a_log(self):
        def break_it():
            self.stack.kill_store("redis")
            self.stack.store("start-redis", "--no-aof")

        def with_its_log_again():
            self.stack.store("stop-redis")
            self.stack.store("start-redis")

        self.addCleanup(with_its_log_again)
        self.survive(break_it)

    def test_redis_is_restarted_and_has_all_it_had(self):
        def break_it():
            self.stack.store("stop-redis")
            self.stack.store("start-redis")

        self.survive(break_it)

    def redis_files(self):
        return self.stack.folder / "redis" / "appendonlydir"
