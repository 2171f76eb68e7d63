"""Messages to parents, the whole way: what happens in the town, what the platform is sent, and what it tells of it."""

import http.server
import json
import threading
import unittest

from client import done
from town import TownCase, book, eventually, fresh
from wechat_town import AES_KEY, CALLBACK_TOKEN, WechatTownCase

CALLBACK_PATH = "/api/v1/wechat/callback"
SMS_TOKEN = "a token of the hook's"


class SmsHook(http.server.ThreadingHTTPServer):
    """A provider of text messages that takes everything on."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _SmsHandler)
        self.taken = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/sms?from=zhonglou"

    def close(self):
        self.shutdown()
        self.server_close()


class _SmsHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, self.headers["Authorization"], json.loads(body)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Says nothing: the tests look."""


def setUpModule():
    WechatTownCase.hook = SmsHook()
    WechatTownCase.start_town(
        wechat__template_booked="TEMPLATE thing1=activity time2=starts_at thing3=venue character_string4=number",
        wechat__template_cancelled="TEMPLATE thing1=activity thing2=note phrase3=state",
        wechat__template_changed="TEMPLATE thing1=activity thing2=venue",
        wechat__notice_booked="NOTICE", wechat__sms_url=WechatTownCase.hook.url, wechat__sms_token=SMS_TOKEN)
    town = TownCase.town
    checked = town.platform.push_to(town.url + CALLBACK_PATH, CALLBACK_TOKEN, AES_KEY)
    if not checked["checked"]:
        raise AssertionError("the callback did not pass the platform's check")


def tearDownModule():
    WechatTownCase.stop_town()
    WechatTownCase.hook.close()


class MessagesTest(WechatTownCase):
    def person(self, following=True):
        """A parent who came by WeChat, and their child."""
        openid = fresh("o-msg-")
        self.town.platform.add_person(openid, following=following)
        parent = self.town.client()
        login = done(parent.post("/login/wechat-mini", {"code": self.town.platform.code(openid, mini=True)["code"]}))
        parent.token, parent.me, parent.openid = login["token"], login["user"], openid
        return parent, self.town.child(parent)

    def sent_to(self, parent):
        return [message for message in self.town.platform.report()["sent"] if message["touser"] == parent.openid]

    def sends(self, parent, count=1):
        eventually(lambda: len(self.sent_to(parent)) >= count, what="the message")
        return self.sent_to(parent)[count - 1]

    def comes_to(self, booking, kind, state):
        statement = f"SELECT state FROM outbox WHERE booking_id = x'{booking['id']}' AND kind = {kind}"
        eventually(lambda: self.town.sql(statement) == str(state), what=f"state {state} of the message")

    def test_a_booking_is_told_and_the_receipt_closes_the_loop(self):
        parent, child = self.person()
        activity = self.town.activity()
        booking = book(parent, activity, child).json
        message = self.sends(parent)
        self.assertEqual(message["data"]["thing1"]["value"], activity["title"])
        self.assertEqual(message["data"]["thing3"]["value"], "手工室")
        self.assertEqual(message["data"]["character_string4"]["value"], booking["id"])
        self.comes_to(booking, 1, 3)

    def test_the_stations_reason_is_told(self):
        parent, child = self.person()
        activity = self.town.activity()
        booking = book(parent, activity, child).json
        self.sends(parent)
        done(self.town.admin.post(f"/admin/activities/{activity['id']}/cancel", {"reason": "老师生病\n改期另行通知"}))
        data = self.sends(parent, 2)["data"]
        self.assertEqual(data["thing2"]["value"], "老师生病 改期另行通知")
        self.assertEqual(data["phrase3"]["value"], "已取消")
        self.comes_to(booking, 3, 3)

    def test_a_moved_session_is_told(self):
        parent, child = self.person()
        activity = self.town.activity()
        booking = book(parent, activity, child).json
        self.sends(parent)
        admin = self.town.admin
        path = f"/admin/activities/{activity['id']}"
        current = admin.get(path)
        sessions = [{"starts_at": session["starts_at"], "ends_at": session["ends_at"], "venue": "操场"}
                    for session in current.json["sessions"]]
        done(admin.patch(path, {"sessions": sessions}, current.etag))
        self.assertEqual(self.sends(parent, 2)["data"]["thing2"]["value"], "操场")
        self.comes_to(booking, 4, 3)

    def test_who_cancels_is_told_nothing(self):
        parent, child = self.person()
        booking = book(parent, self.town.activity(), child).json
        self.sends(parent)
        done(parent.delete(f"/bookings/{booking['id']}"))
        self.comes_to(booking, 2, 5)
        self.assertEqual(len(self.sent_to(parent)), 1)

    def test_who_does_not_follow_gets_the_notice_that_was_asked_for(self):
        parent, child = self.person(following=False)
        self.town.platform.consent(parent.openid, "NOTICE")
        booking = book(parent, self.town.activity(), child).json
        self.assertEqual(self.sends(parent)["kind"], "notice")
        self.comes_to(booking, 1, 3)

    def test_whom_wechat_cannot_reach_is_left_to_the_hook(self):
        parent, child = self.person(following=False)
        activity = self.town.activity()
        booking = book(parent, activity, child).json
        self.comes_to(booking, 1, 2)
        (path, authorization, body), = [one for one in self.hook.taken if one[2]["booking_id"] == booking["id"]]
        self.assertEqual(path, "/sms?from=zhonglou")
        self.assertEqual(authorization, f"Bearer {SMS_TOKEN}")
        self.assertEqual((body["kind"], body["user_id"]), ("booked", parent.me["id"]))
        self.assertIn(activity["title"], body["text"])
        self.assertNotIn(child["name"], body["text"])

    def test_states_are_counted(self):
        parent, child = self.person()
        booking = book(parent, self.town.activity(), child).json
        self.comes_to(booking, 1, 3)
        metrics = self.town.client().get("/metrics").body.decode()
        for state in ("queued", "accepted", "delivered"):
            self.assertRegex(metrics, rf'zhonglou_messages_total{{kind="booked",state="{state}"}} [1-9]')


if __name__ == "__main__":
    unittest.main()
