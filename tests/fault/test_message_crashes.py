"""The sender of messages is killed between any two steps, at each of its crash points: no message is lost, and none is
accepted twice."""

import contextlib
import http.client
import os
import unittest

from client import done, made
from crash_orders import Orders, crash_points
from town import TownCase, book, eventually, fresh
from wechat_town import AES_KEY, CALLBACK_TOKEN, WechatTown, WechatTownCase
from witness import Witnessed

CALLBACK_PATH = "/api/v1/wechat/callback"
DIES_WITHIN_S = 30
PATIENCE_S = 60
BOOKED = 1
QUEUED, DELIVERED = "1", "3"

orders = None


class WitnessedTown(Witnessed, WechatTown):
    pass


def setUpModule():
    global orders
    orders = Orders()
    os.environ["ZL_CRASH_ORDERS"] = str(orders.file)
    TownCase.town = WitnessedTown(wechat__template_booked="TEMPLATE thing1=activity character_string4=number")
    receive_pushes(TownCase.town)


def tearDownModule():
    WechatTownCase.stop_town()
    del os.environ["ZL_CRASH_ORDERS"]
    orders.folder.cleanup()


def receive_pushes(town):
    if not town.platform.push_to(town.url + CALLBACK_PATH, CALLBACK_TOKEN, AES_KEY)["checked"]:
        raise AssertionError("the callback did not pass the platform's check")


class SenderKilled(WechatTownCase):
    def person(self):
        openid = fresh("o-crash-")
        self.town.platform.add_person(openid)
        parent = self.town.client()
        self.addCleanup(parent.close)
        login = done(parent.post("/login/wechat-mini", {"code": self.town.platform.code(openid, mini=True)["code"]}))
        parent.token, parent.me, parent.openid = login["token"], login["user"], openid
        return parent, self.town.child(parent)

    def accepted(self, parent):
        return [message for message in self.town.platform.report()["sent"] if message["touser"] == parent.openid]

    def state_of(self, activity):
        """Of the message of its one booking; empty before it is queued."""
        return self.town.sql("SELECT o.state FROM outbox o JOIN bookings b ON b.id = o.booking_id WHERE "
                             f"b.activity_id = x'{activity['id']}' AND o.kind = {BOOKED}")

    def kill_at(self, point, parent, activity, child):
        server = self.town.stack.server
        orders.give(point, 1)
        try:
            # The answer may be lost with the server.
            with contextlib.suppress(OSError, http.client.HTTPException):
                book(parent, activity, child)
            server.wait_killed(DIES_WITHIN_S)
        finally:
            orders.withdraw()
        self.assertIn(f"crash point {point}", server.log())

    def restart(self):
        """Another process, when the turn and the claim of the dead one have lapsed."""
        self.town.sql("UPDATE leases SET until_ms = 0; UPDATE outbox SET next_attempt_at = 0 WHERE state = 1")
        self.town.stack.server.start()
        self.town.move(self.town.stack.url)
        receive_pushes(self.town)

    def test_its_message_is_accepted_once(self):
        points = [point for point in crash_points() if point.startswith("message.")]
        self.assertEqual(len(points), 3)
        for point in points:
            with self.subTest(point=point):
                parent, child = self.person()
                activity = self.town.activity()
                self.kill_at(point, parent, activity, child)
                self.restart()
                eventually(lambda: self.state_of(activity) not in ("", QUEUED), PATIENCE_S, "the message's end")
                self.assertIn(self.state_of(activity), ("2", DELIVERED))
                self.assertEqual(len(self.accepted(parent)), 1)
        parent, child = self.person()
        activity = self.town.activity()
        made(book(parent, activity, child))
        eventually(lambda: self.state_of(activity) == DELIVERED, PATIENCE_S, "a message as ever")
        self.assertEqual(len(self.accepted(parent)), 1)
        self.town.witness.judge(self.town, "what parents were told")


if __name__ == "__main__":
    unittest.main()
