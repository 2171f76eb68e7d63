"""A process that has heard nothing from Redis for a moment still knows what it knew. What somebody has been told meanwhile it does
not deny them."""

from client import done, made
from scene import HEAL_TIMEOUT_S, RULES, SETTINGS, FaultCase
from support.tcp_gate import Fault, TcpGate
from town import book, eventually, key

gate = None
cut_off = None


def setUpModule():
    global gate, cut_off
    FaultCase.start_town(**SETTINGS)
    gate = TcpGate(FaultCase.town.stack.redis_socket)
    cut_off = FaultCase.town.stack.start_server(redis__unix_socket="", redis__port=gate.port)


def tearDownModule():
    FaultCase.stop_town()
    gate.close()


class CutOff(FaultCase):
    def test_who_got_a_seat_that_came_back_is_not_told_from_memory_that_all_are_gone(self):
        programme = self.town.programme(**RULES)
        activity = self.town.activity(programme, capacity=2)
        (parent, child), (other, others_child), (lucky, luckys_child), (stranger, strangers_child) = (
            self.town.family() for _ in range(4))
        booking = made(book(parent, activity, child))
        made(book(other, activity, others_child))
        there, lucky_there = stranger.on(cut_off.url), lucky.on(cut_off.url)
        for client in (there, lucky_there):
            self.addCleanup(client.close)

        def known():
            answer = book(there, activity, strangers_child)
            return answer.code == "sold_out" and answer.json["receipt"]["arrival"] is None

        eventually(known, HEAL_TIMEOUT_S, "sold out from memory")
        wanted = key()
        with gate.broken(Fault.ANSWERS_HELD):
            self.assertTrue(known(), "it was told by Redis so soon")
            self.assertEqual(done(parent.delete(f"/bookings/{booking['id']}"))["state"], "cancelled")
            told = made(book(lucky, activity, luckys_child, wanted))
            again = book(lucky_there, activity, luckys_child, wanted)
        self.refused(again, 503, "unavailable")
        self.assertEqual(done(book(lucky, activity, luckys_child, wanted))["id"], told["id"])
        self.prove_healed(programme["id"])
