"""Servers that are killed or stand still between the gate's grant, the commit and the answer."""

import random
import re
import threading

from client import done
from scarcity import Operator
from scene import HEAL_TIMEOUT_S, PATIENCE_S, RULES, SETTINGS, FaultCase, has_seat
from town import eventually

SEED = 20180701
ROUNDS = 5
# What InnoDB tells of its transactions is that old, and stays so while it is asked more often.
INNODB_TRX_AGE_S = 0.11


def setUpModule():
    FaultCase.start_town(**SETTINGS)


def tearDownModule():
    FaultCase.stop_town()


class CrashCase(FaultCase):
    def activity(self, capacity):
        self.programme = self.town.programme(**RULES)
        return self.town.activity(self.programme, capacity)


class KilledBeforeTheCommit(CrashCase):
    CAPACITY = 20

    def test_nothing_is_half_booked_and_no_seat_stays_lost(self):
        activity = self.activity(self.CAPACITY)
        crowd = self.crowd(self.CAPACITY)
        with self.ledger.seats_locked(activity["id"]):
            presses = crowd.press_once(activity)
            self.wait_until_held(self.programme, activity, self.CAPACITY)
            self.stack.server.kill()
        for press in presses:
            self.assertIsInstance(press.exception(PATIENCE_S), Exception, "an answer without a commit")
        self.audit_ledger()
        self.assertEqual(self.ledger.booked(activity["id"]), set())
        self.assertEqual(self.gate.holders(self.programme["id"], activity["id"]), self.CAPACITY)

        self.restart_server()
        crowd.families = crowd.families[::2]  # the others never come back
        told = self.sold_as_told([press.result() for press in crowd.press_until_told(activity)], activity)
        self.assertEqual(len(told), self.CAPACITY // 2)
        again = [press.result().answer for press in crowd.press_until_told(activity)]
        self.assertEqual([done(answer)["id"] for answer in again], told)
        self.prove_healed(self.programme["id"])


class KilledAnywhere(CrashCase):
    CAPACITY = 16
    FAMILIES = 24

    def test_a_retry_after_the_crash_tells_what_became_of_the_first(self):
        moments = random.Random(SEED)
        for number in range(ROUNDS):
            answers_before_the_kill = moments.randrange(1, self.FAMILIES)
            with self.subTest(seed=SEED, round=number, answers_before_the_kill=answers_before_the_kill):
                self.crash_after(answers_before_the_kill)

    def crash_after(self, answers):
        activity = self.activity(self.CAPACITY)
        crowd = self.crowd(self.FAMILIES)
        calm = threading.Event()
        presses = crowd.press_until_told(activity, calm=calm)
        try:
            crowd.wait_until_told(answers)
            self.stack.server.kill()
            self.restart_server()
        finally:
            calm.set()
        told = self.sold_as_told([press.result() for press in presses], activity)
        again = [press.result().answer for press in crowd.press_until_told(activity)]
        self.assertEqual([answer.json["id"] for answer in again if has_seat(answer)], told)
        self.prove_healed(self.programme["id"])


class StoppedBeforeTheCommit(CrashCase):
    CAPACITY = 8

    def test_a_writer_that_wakes_up_late_is_fenced_and_asks_again(self):
        other = self.stack.start_server()
        self.addCleanup(other.stop)
        activity = self.activity(self.CAPACITY)
        late, strangers = self.crowd(self.CAPACITY), self.crowd(self.CAPACITY)
        eventually(lambda: self.town.client(url=other.url).get(f"/activities/{activity['id']}").status == 200)
        with self.ledger.seats_locked(activity["id"]):
            late_presses = late.press_until_told(activity)
            self.wait_until_a_writer_waits()
            self.stack.server.pause()
        try:
            eventually(lambda: self.gate.pending(self.programme["id"], activity["id"]) == 0, HEAL_TIMEOUT_S,
                       "the return of the holds")
            told = [press.result() for press in strangers.press_until_told(activity, lambda: other.url)]
        finally:
            self.stack.server.resume()
        late_told = [press.result() for press in late_presses]
        self.assertEqual(len(self.sold_as_told(told + late_told, activity)), self.CAPACITY)
        self.assertEqual({press.answer.code for press in late_told}, {"sold_out"})
        self.assertGreaterEqual(self.fenced(), 1)
        self.prove_healed(self.programme["id"])

    def wait_until_a_writer_waits(self):
        """For the locked row. What is still in its queue when the server wakes up is refused as too old, and fenced by nobody."""
        operator = Operator(self.stack)
        self.addCleanup(operator.close)
        eventually(lambda: operator.run("SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' "
                                        "AND trx_query LIKE 'SELECT%'"), PATIENCE_S, "a writer that waits for the row", INNODB_TRX_AGE_S)

    def fenced(self):
        """Grants of the first server that came too late to commit."""
        client = self.stack.client()
        self.addCleanup(client.close)
        text = client.request("GET", "/metrics").body.decode()
        return float(re.search(r"^zhonglou_grants_fenced_total (\S+)$", text, re.MULTILINE).group(1))
