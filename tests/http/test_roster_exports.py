"""The roster as a file for a spreadsheet: who is in it, in which order, and what the file is called."""

import concurrent.futures
import datetime
import os
import re
import signal
import socket
import unittest
import urllib.parse

from client import done, made
from sheets import FORMS, export, parts_of, rows_of
from support.stack import stand_still
from town import TownCase, at, book, eventually, now, session
from wechat_town import WechatTownCase

EXPORTS_AT_ONCE = 4  # base::limits::exports_at_once
LARGER_THAN_BUFFERS = 45_000  # bookings, in sockets
TITLES = {"zh-CN": ["姓名", "出生日期", "家长昵称", "预约时间", "预约编号"],
          "en": ["name", "birth date", "guardian's nickname", "booked at", "booking id"]}


def setUpModule():
    WechatTownCase.start_town(http__write_timeout_ms=60_000)


def tearDownModule():
    WechatTownCase.stop_town()


def civil(instant):
    """As a sheet has it: the town's time, to the second."""
    return instant[:19].replace("T", " ")


class Exports(TownCase):
    def rows(self, activity, form, client=None, **kwargs):
        return rows_of(export(client or self.town.admin, activity, form, **kwargs), form)

    def camp(self):
        """Three sessions, of which two can be checked in to."""
        meetings = [session(at(now().date() + datetime.timedelta(days=days), 9)) for days in (2, 3, 60)]
        meetings[1]["venue"] = "二楼, 右边"
        return self.town.activity(kind="camp", sessions=meetings)

    def check_in(self, booking, meeting):
        return made(self.town.admin.post("/admin/check-ins", {"session_id": meeting["id"], "booking_id": booking["id"]}))

    def test_has_who_booked_and_when_they_came(self):
        camp = self.camp()
        parent, child = self.town.family()
        sibling = self.town.child(parent, birth_date="2017-06-07")
        first, second = made(book(parent, camp, child)), made(book(parent, camp, sibling))
        came = [self.check_in(first, camp["sessions"][1]), self.check_in(second, camp["sessions"][0])]
        undone = self.check_in(second, camp["sessions"][1])
        self.assertEqual(self.town.admin.delete(f"/admin/check-ins/{undone['id']}").status, 204)
        nickname = parent.me["nickname"]
        expected = [
            [child["name"], "2016-05-05", nickname, civil(first["created_at"]), first["id"], "", civil(came[0]["at"]), ""],
            [sibling["name"], "2017-06-07", nickname, civil(second["created_at"]), second["id"], civil(came[1]["at"]), "", ""]]
        for form in FORMS:
            with self.subTest(form=form):
                self.assertEqual(self.rows(camp, form)[1:], expected)

    def test_titles_are_in_the_clients_language(self):
        camp = self.camp()
        starts = [civil(meeting["starts_at"])[:16] for meeting in camp["sessions"]]
        meetings = [starts[0], starts[1] + " 二楼, 右边", starts[2]]
        for form in FORMS:
            self.assertEqual(self.rows(camp, form), [TITLES["zh-CN"] + meetings])
            for language, titles in TITLES.items():
                rows = self.rows(camp, form, headers={"Accept-Language": language})
                self.assertEqual(rows, [titles + meetings])

    def test_who_cancelled_is_not_in_it(self):
        activity = self.town.activity()
        parent, child = self.town.family()
        other = self.town.child(parent)
        gone = made(book(parent, activity, child))
        stays = made(book(parent, activity, other))
        done(parent.delete(f"/bookings/{gone['id']}"))
        for form in FORMS:
            self.assertEqual([row[4] for row in self.rows(activity, form)[1:]], [stays["id"]])

    def test_who_booked_first_comes_first(self):
        activity = self.town.activity(capacity=20)
        parents = [self.town.parent() for _ in range(2)]
        told = [made(book(parent, activity, self.town.child(parent))) for parent in parents * 6]
        expected = sorted(told, key=lambda booking: (booking["created_at"], booking["id"]))
        for form in FORMS:
            self.assertEqual([row[4] for row in self.rows(activity, form)[1:]], [booking["id"] for booking in expected])

    def copy(self, booking, first, last, name):
        """So often, behind the server's back. Every third was cancelled, and the later the id, the earlier it was made."""
        copies = f"seq_{first}_to_{last}"
        self.town.sql(
            "INSERT INTO attendees (id, name, birth_date, created_at) "
            f"SELECT UNHEX(LPAD(HEX(seq), 32, '0')), CONCAT('{name}', seq), '2016-05-05', 1 FROM {copies}; "
            "INSERT INTO bookings (id, activity_id, programme_id, party_id, user_id, state, active, grant_number, arrival, "
            "decided_at, opens_at, remaining, created_at) "
            "SELECT UNHEX(LPAD(HEX(seq), 32, '0')), activity_id, programme_id, UNHEX(LPAD(HEX(seq), 32, '0')), user_id, "
            "IF(seq % 3, 1, 4), IF(seq % 3, 1, NULL), grant_number + seq, arrival + seq, decided_at, opens_at, 0, "
            f"created_at - 1000 * seq FROM bookings JOIN {copies} WHERE id = x'{booking['id']}'")

    def test_thousands_are_complete_whoever_cancelled_between_them(self):
        """More than are read at a time."""
        activity = self.town.activity()
        parent, child = self.town.family()
        self.copy(made(book(parent, activity, child)), 1, 3_600, "孩子")
        expected = [f"孩子{number}" for number in range(3_600, 0, -1) if number % 3] + [child["name"]]
        for form in FORMS:
            self.assertEqual([row[0] for row in self.rows(activity, form)[1:]], expected)

    def test_the_file_is_named_after_the_activity(self):
        activity = self.town.activity(title="花灯 “一”/100% 手工")
        for form, media_type in zip(FORMS, ("text/csv; charset=utf-8",
                                            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")):
            answer = export(self.town.admin, activity, form)
            self.assertEqual(answer.headers["Content-Type"], media_type)
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            name = urllib.parse.quote(f"{activity['title']}.{form}", safe="")
            self.assertEqual(answer.headers["Content-Disposition"],
                             f"attachment; filename=\"roster.{form}\"; filename*=UTF-8''{name}")

    def test_the_titles_stay_in_sight_and_columns_are_wide_enough(self):
        parts = parts_of(export(self.town.admin, self.camp(), "xlsx").body)
        self.assertEqual(len([name for name in parts if name.startswith("xl/worksheets/sheet")]), 1)
        sheet = parts["xl/worksheets/sheet1.xml"]
        self.assertRegex(sheet, '<pane ySplit="1" [^>]*state="frozen"/>')
        self.assertEqual(len(re.findall("<col [^>]*customWidth=\"1\"/>", sheet)), 8)
        self.assertIn('<sheet name="名单" ', parts["xl/workbook.xml"])

    def test_another_stations_staff_gets_none(self):
        activity = self.town.activity()
        for role in ("station_admin", "staff"):
            own, stranger = (self.town.account(role, station) for station in (self.town.station, self.town.other_station))
            for form in FORMS:
                self.refused(export(stranger, activity, form), 403, "forbidden")
                self.assertEqual(export(own, activity, form).status, 200)

    def test_more_than_are_made_at_a_time_are_told_to_come_back(self):
        activity = self.town.activity()
        parent, child = self.town.family()
        booking = made(book(parent, activity, child))
        clients = [self.town.client(self.town.admin.token) for _ in range(EXPORTS_AT_ONCE + 1)]
        pid = int((self.town.stack.folder / "mariadb.pid").read_text())
        with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
            stand_still(pid)
            try:
                calls = [pool.submit(export, client, activity, form)
                         for client, form in zip(clients, FORMS * len(clients))]
                [(early, _)] = eventually(lambda: [(call.result(), call) for call in calls if call.done()], what="a refusal")
            finally:
                os.kill(pid, signal.SIGCONT)
            self.refused(early, 503, "overloaded")
            self.assertIn(early.headers["Retry-After"], ("1", "2", "3"))
            self.assertEqual(sorted(call.result().status for call in calls), [200] * EXPORTS_AT_ONCE + [503])
        # Their places came back.
        for client, form in zip(clients, FORMS * len(clients)):
            self.assertEqual([row[4] for row in self.rows(activity, form, client)[1:]], [booking["id"]])

    def test_who_does_not_read_keeps_a_place_until_they_go(self):
        """Otherwise a few slow ones would have the memory of the whole server."""
        activity = self.town.activity()
        parent, child = self.town.family()
        self.copy(made(book(parent, activity, child)), 10_001, 10_001 + LARGER_THAN_BUFFERS, "孩" * 44)
        slow = [self.ask_and_read_no_more(activity) for _ in range(EXPORTS_AT_ONCE)]
        self.refused(export(self.town.admin, activity, "csv"), 503, "overloaded")
        for connection in slow:
            connection.close()
        answer = eventually(lambda: next((a for a in [export(self.town.admin, activity, "csv")] if a.status != 503), None))
        self.assertGreater(len(rows_of(answer, "csv")), LARGER_THAN_BUFFERS * 2 / 3)

    def ask_and_read_no_more(self, activity):
        connection = socket.socket()
        self.addCleanup(connection.close)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(60)
        where = urllib.parse.urlsplit(self.town.url)
        connection.connect((where.hostname, where.port))
        connection.sendall(f"GET /api/v1/admin/activities/{activity['id']}/roster.csv HTTP/1.1\r\nHost: town\r\n"
                           f"Authorization: Bearer {self.town.admin.token}\r\n\r\n".encode())
        self.assertEqual(connection.recv(15), b"HTTP/1.1 200 OK")
        return connection


if __name__ == "__main__":
    unittest.main()
