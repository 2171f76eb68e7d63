"""`zhonglou verify` beside a server: clean while people book, and status 1 or 2 with a sentence where something is wrong."""

import struct
import subprocess
import threading
import time

from client import made
from judge_tool.gate import TALLY, Redis
from support.stack import ZHONGLOU
from town import TownCase, book, eventually


def setUpModule():
    TownCase.start_town(booking__reconcile_interval_ms=200)


def tearDownModule():
    TownCase.stop_town()


class Verify(TownCase):
    def verify(self, *options):
        """Status and what was said."""
        result = subprocess.run([ZHONGLOU, "verify", "--config", self.town.stack.folder / "zhonglou.toml", *options],
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return result.returncode, result.stdout + result.stderr

    def count_one_more(self, activity):
        """The gate's count of used seats, past the server."""
        redis = Redis(self.town.stack.redis_socket)
        key, field = f"zl:{{p:{activity['programme_id']}}}:gate", b"t" + bytes.fromhex(activity["id"])
        tally = redis.command("HGET", key, field)
        change, used, *others = struct.unpack_from(TALLY, tally)
        redis.command("HSET", key, field, struct.pack(TALLY, change, used + 1, *others) + tally[struct.calcsize(TALLY):])
        redis.close()

    def sql(self, statement):
        stack = self.town.stack
        subprocess.run(["mariadb", "--no-defaults", f"--socket={stack.mysql_socket}", "--user=zhonglou_migrate",
                        f"--password={stack.secret('mysql_migrate_password')}", "zhonglou"], input=statement, text=True,
                       check=True)

    def test_it_stays_clean_while_people_book_and_cancel(self):
        activity = self.town.activity(self.town.programme(max_per_user=2, forbid_overlap=True), 1000)
        done = threading.Event()
        booked = []

        def press():
            while not done.is_set():
                parent, child = self.town.family()
                booking = made(book(parent, activity, child))
                booked.append(booking["id"])
                if len(booked) % 3 == 0:
                    parent.delete(f"/bookings/{booking['id']}")

        presser = threading.Thread(target=press)
        presser.start()
        try:
            eventually(lambda: len(booked) > 3, what="bookings")
            before = len(booked)
            status, said = self.verify()
        finally:
            done.set()
            presser.join()
        self.assertGreater(len(booked), before, "booking went on")
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"gate: [1-9]\d* programmes, [1-9]\d* activities, [1-9]\d* holders")
        self.assertRegex(said, r"audit: [1-9]\d* chains, [1-9]\d* rows, which tell of [1-9]\d* bookings: clean")

    def test_it_finds_a_gate_that_differs_where_nobody_mends_it_until_after_booking_has_ended(self):
        activity = self.town.activity()
        parent, child = self.town.family()
        made(book(parent, activity, child))
        self.town.stack.server.stop()
        programme = f"WHERE id = X'{activity['programme_id']}';"
        try:
            self.count_one_more(activity)
            looks = [self.verify("--patience", "1")]
            booking_ended = int(time.time() * 1000) - 60_000
            self.sql(f"UPDATE programmes SET opens_at = {booking_ended - 1}, closes_at = {booking_ended} {programme}")
            looks.append(self.verify("--patience", "1"))
        finally:
            self.sql(f"UPDATE programmes SET closes_at = {int((time.time() + 3600) * 1000)} {programme}")
            self.town.stack.server.start()
            self.town.move(self.town.stack.url)
        for status, said in looks:
            self.assertEqual(status, 1, said)
            self.assertIn(f"FAULT activity {activity['id']}: the gate counts 2 seats as used, and knows of 1 holders", said)
        eventually(lambda: self.verify("--patience", "1")[0] == 0, 60, "a gate that the reconciler has mended")

    def test_it_finds_a_counter_that_is_wrong(self):
        activity = self.town.activity()
        where = f"WHERE activity_id = X'{activity['id']}';"
        self.sql(f"UPDATE activity_seats SET seats_taken = 3 {where}")
        try:
            status, said = self.verify("--no-gates")
        finally:
            self.sql(f"UPDATE activity_seats SET seats_taken = 0 {where}")
        self.assertEqual(status, 1, said)
        self.assertIn(f"FAULT activity {activity['id']}: seats_taken is 3 of 10, and 0 bookings are active", said)
        self.assertNotIn("gate:", said)

    def test_what_it_could_not_look_at_is_not_clean(self):
        for option in ("redis.unix_socket=/nowhere", "mysql.unix_socket=/nowhere", "mysql.no_such=1"):
            status, said = self.verify("--set", option)
            self.assertEqual(status, 2, said)
