"""A bad network between the server and its stores: silence, delays, half replies, resets at the worst moment. While each lasts
people press; when it is over everything works again, by the same process. test_tcp_gate.py runs a few of these, the long form of
scripts/test fault all of them."""

import contextlib
import threading
import time

from scene import HEAL_TIMEOUT_S, RULES, SETTINGS, FaultCase
from support.tcp_gate import AT_COMMIT, Fault, TcpGate
from town import eventually

CAPACITY = 12
FAMILIES = 16
TOLD_BEFORE = 3
STATEMENT_TIMEOUT_MS = 1000

# Longer than a command of Redis may take, and than the server follows an unanswered COMMIT up.
LASTS_S = {"redis": 1.5, "mysql": 3.5}

gates = {}


def setUpModule():
    FaultCase.start_town(**SETTINGS, mysql__statement_timeout_ms=STATEMENT_TIMEOUT_MS, mysql__lock_wait_s=1)
    town = FaultCase.town
    gates["redis"] = TcpGate(town.stack.redis_socket)
    gates["mysql"] = TcpGate(town.stack.mysql_socket, mysql=True)
    through_gates = town.stack.start_server(redis__unix_socket="", redis__port=gates["redis"].port,
                                            mysql__unix_socket="", mysql__port=gates["mysql"].port)
    town.stack.server.stop()
    town.stack.server = through_gates
    town.move(through_gates.url)


def tearDownModule():
    FaultCase.stop_town()
    for gate in gates.values():
        gate.close()


class BadNetwork(FaultCase):
    def survives(self, store, fault, seconds=None):
        pid = self.stack.server.pid
        gate = gates[store]
        programme = self.town.programme(**RULES)
        activity = self.town.activity(programme, CAPACITY)
        crowd = self.crowd(FAMILIES)
        calm = threading.Event()
        before = gate.hits[fault]
        with contextlib.ExitStack() as broken:
            if fault in AT_COMMIT:  # before everybody has committed
                broken.enter_context(gate.broken(fault))
            presses = crowd.press_until_told(activity, calm=calm)
            self.addCleanup(calm.set)
            if fault not in AT_COMMIT:
                crowd.wait_until_told(TOLD_BEFORE)
                broken.enter_context(gate.broken(fault))
            eventually(lambda: gate.hits[fault] > before, HEAL_TIMEOUT_S, f"{fault.value} at {store}")
            time.sleep(seconds or LASTS_S[store])
        calm.set()
        told = self.sold_as_told([press.result() for press in presses], activity)
        self.assertEqual(len(told), CAPACITY)
        self.wait_until_everybody_is_served()
        self.prove_healed(programme["id"])
        self.assertTrue(self.stack.server.running())
        self.assertEqual(self.stack.server.pid, pid)


class EveryFault(BadNetwork):
    CASES = [("redis", fault, None) for fault in (Fault.SILENCE, Fault.REQUESTS_HELD, Fault.ANSWERS_HELD, Fault.DELAY, Fault.TRICKLE,
                                                  Fault.HALF_REPLY, Fault.HALF_REPLY_AND_SILENCE, Fault.REFUSED)]
    CASES += [("mysql", fault, None) for fault in Fault if fault is not Fault.NONE]
    CASES.append(("mysql", Fault.SILENCE, STATEMENT_TIMEOUT_MS / 1000 + 7))  # longer than a connection waits for an answer

    def test_is_survived(self):
        for store, fault, seconds in self.CASES:
            with self.subTest(store=store, fault=fault.value, seconds=seconds):
                self.survives(store, fault, seconds)
