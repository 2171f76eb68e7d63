"""A server that is asked to stop: what is in flight is finished and answered, what is idle is closed, nobody new comes in."""

import http.client
import os
import signal
import socket
import urllib.parse

from scene import PATIENCE_S, RULES, SETTINGS, FaultCase
from town import eventually


def setUpModule():
    FaultCase.start_town(**SETTINGS)


def tearDownModule():
    FaultCase.stop_town()


def is_refused(host, port):
    try:
        socket.create_connection((host, port), timeout=1).close()
        return False
    except ConnectionResetError:
        return False  # it stopped listening just then
    except ConnectionRefusedError:
        return True


class Draining(FaultCase):
    def test_a_booking_in_flight_is_answered_and_the_server_ends_well(self):
        programme = self.town.programme(**RULES)
        activity = self.town.activity(programme, 4)
        crowd = self.crowd(2)
        where = urllib.parse.urlsplit(self.stack.server.url)
        idle = http.client.HTTPConnection(where.hostname, where.port, timeout=PATIENCE_S)
        self.addCleanup(idle.close)
        idle.request("GET", "/healthz")
        self.assertEqual(idle.getresponse().read(), b'{"status":"ok"}')

        with self.ledger.seats_locked(activity["id"]):
            presses = crowd.press_once(activity)
            self.wait_until_held(programme, activity, 2)
            os.kill(self.stack.server.pid, signal.SIGTERM)
            eventually(lambda: is_refused(where.hostname, where.port))
            self.assertEqual(idle.sock.recv(1), b"", "an idle connection was kept")
            self.assertTrue(self.stack.server.running(), "it did not wait for the bookings")
        answers = [press.result(PATIENCE_S) for press in presses]
        self.assertEqual([answer.status for answer in answers], [201, 201])
        self.assertEqual([answer.headers["Connection"] for answer in answers], ["close", "close"])
        booked = [answer.json["id"] for answer in answers]
        eventually(lambda: not self.stack.server.running())
        self.stack.server.stop()  # fails unless it ended with status 0
        self.assertEqual(self.ledger.booked(activity["id"]), set(booked))

        self.restart_server()
        self.prove_healed(programme["id"])
