"""The server is killed between a COMMIT that it has sent and its answer: a gate lets the one pass and keeps the other. What was
asked for is then done, though nobody was told, and done again it is the same."""

import http.client
from concurrent.futures import ThreadPoolExecutor

from crash_operations import CAPACITY, RULES, Booking, Cancelling, CheckIn, Close, Publish
from scene import HEAL_TIMEOUT_S, PATIENCE_S, SETTINGS, FaultCase
from support.tcp_gate import Fault, TcpGate
from town import eventually

gate = None


def setUpModule():
    global gate
    FaultCase.start_town(**SETTINGS)
    stack = FaultCase.town.stack
    gate = TcpGate(stack.mysql_socket, mysql=True)
    stack.server.stop()
    stack.server = stack.start_server(mysql__unix_socket="", mysql__port=gate.port)
    FaultCase.town.move(stack.server.url)


def tearDownModule():
    FaultCase.stop_town()
    gate.close()


class KilledBeforeItHears(FaultCase):
    def survives(self, kind):
        programme = self.town.programme(**RULES)
        operation = kind(self, programme)
        operation.begin()
        told_by_audit = self.audit_rows()
        with ThreadPoolExecutor(1) as pool:
            try:
                with gate.broken(Fault.COMMIT_UNANSWERED):
                    performing = pool.submit(operation.perform)
                    eventually(lambda: self.audit_rows() > told_by_audit, HEAL_TIMEOUT_S, "a commit that nobody hears of")
                    self.assertFalse(performing.done(), "it was told")
                    self.stack.server.kill()
            finally:
                if self.stack.server.running():
                    self.stack.server.kill()
                self.restart_server()
            self.assertIsInstance(performing.exception(PATIENCE_S), (OSError, http.client.HTTPException))
        operation.settle()
        self.assertEqual(self.audit_rows(), told_by_audit + 1)
        self.town.activity(programme, CAPACITY)
        self.prove_healed(programme["id"])

    def audit_rows(self):
        [[count]] = self.ledger.rows("SELECT COUNT(*) FROM audit")
        return int(count)

    def test_booking(self):
        self.survives(Booking)

    def test_cancelling(self):
        self.survives(Cancelling)

    def test_publishing(self):
        self.survives(Publish)

    def test_closing(self):
        self.survives(Close)

    def test_checking_in(self):
        self.survives(CheckIn)
