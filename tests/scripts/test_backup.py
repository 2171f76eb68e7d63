#!/usr/bin/python3 -B
"""scripts/backup and scripts/restore: backed up under load, destroyed, put back to the latest and to a moment, and booked in
again while Redis still knows of the time that is undone."""
import datetime
import getpass
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/http")]

from client import done, made  # noqa: E402 (the path comes first)
from support.operating import bookings, script  # noqa: E402
from town import Town, book, eventually, key  # noqa: E402

ENOUGH_LOAD = 5


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def text_of(moment: datetime.datetime) -> str:
    return moment.isoformat(timespec="seconds")


def next_second() -> datetime.datetime:
    """Waits until a second begins: what happens from now on is of that second or later."""
    begun = now().replace(microsecond=0) + datetime.timedelta(seconds=1)
    while now() < begun:
        time.sleep(0.01)
    return begun


class Load:
    """Families that book one after the other until the block ends."""

    def __init__(self, town: Town, activity: dict):
        self.booked: list[str] = []
        self._town, self._activity = town, activity
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.is_set():
            parent, child = self._town.family()
            self.booked.append(made(book(parent, self._activity, child))["id"])

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


class Backup(unittest.TestCase):
    def setUp(self) -> None:
        self.town = Town(booking__reconcile_interval_ms=200)
        self.addCleanup(self.town.stop)
        self.stack = self.town.stack
        self.folder = self.stack.folder
        self.backup = self.folder / "backup"

    def verify(self, *options: str) -> str:
        return self.stack.zhonglou("verify", *options)

    def full(self, activity: dict, family: tuple) -> bool:
        return book(family[0], activity, family[1]).code == "sold_out"

    def test_what_was_booked_survives_its_machine(self):
        programme = self.town.programme()
        wide = self.town.activity(programme, 10_000)
        small = self.town.activity(programme, 2)
        families = keeper, leaver, late, heir, afterwards = [self.town.family() for _ in range(5)]
        kept = made(book(keeper[0], small, keeper[1]))
        left = made(book(leaver[0], small, leaver[1]))
        self.back_up_under_load(wide)

        early = made(book(late[0], wide, late[1]))
        moment = next_second()
        at_moment = bookings(self.folder)
        # After the moment: somebody else takes a seat that was given back, and somebody books.
        done(leaver[0].delete(f"/bookings/{left['id']}"))
        taken_over = eventually(lambda: (a := book(heir[0], small, heir[1])).status == 201 and a.json, what="a free seat")
        wanted = key()
        undone = made(book(afterwards[0], wide, afterwards[1], wanted))
        self.new_binary_log()
        next_second()
        self.assertIn("reaches to", script("backup", "--logs", self.backup, "--data", self.folder))
        at_end = bookings(self.folder)
        seal = self.newest_seal()
        self.assertIn("clean", self.verify("--seal", seal, "--patience", "5"))
        self.refuses_what_it_must(moment)

        self.destroy()
        self.restores_the_latest(at_end)
        said = script("restore", self.backup, "--data", self.folder, "--to", text_of(moment))
        self.assertIn("the gates of 1 programmes will be rebuilt", said)
        self.stack.store("start-mariadb")
        self.assertEqual(bookings(self.folder), at_moment)
        self.stack.server.start()
        self.town.move(self.stack.url)

        # Redis has been up all the time: in its gate the seat is the heir's.
        for parent, _ in families:
            parent.move(self.town.url)
        states = {item["id"]: item["state"] for parent, _ in families
                  for item in done(parent.get("/me/bookings"))["items"]}
        self.assertEqual(states, {kept["id"]: "confirmed", left["id"]: "confirmed", early["id"]: "confirmed"})
        self.assertNotIn(taken_over["id"], states)
        eventually(lambda: self.full(small, heir), what="a gate that knows the restored bookings")
        again = eventually(lambda: (a := book(afterwards[0], wide, afterwards[1], wanted)).status == 201 and a.json,
                           what="a booking after the restore")
        self.assertEqual(again["id"], undone["id"], "the same key")
        self.assertEqual(self.stack.server.log(400).count("gate_install_failed"), 0)
        done(leaver[0].delete(f"/bookings/{left['id']}"))
        eventually(lambda: book(heir[0], small, heir[1]).status == 201, what="the seat that was given back again")
        self.assertIn("clean", self.verify())
        self.assertIn("make a new backup", script("backup", "--logs", self.backup, "--data", self.folder, status=1).lower())

    def back_up_under_load(self, activity: dict) -> None:
        with Load(self.town, activity) as load:
            eventually(lambda: len(load.booked) >= ENOUGH_LOAD, what="load")
            before = len(load.booked)
            script("backup", self.backup, "--data", self.folder)
            self.assertGreater(len(load.booked), before, "booking went on")
            self.assertIn("clean", self.verify("--patience", "5"))
        self.assertEqual((self.backup / "secrets/token_key").read_text(), self.stack.secret("token_key"))
        self.assertEqual(self.backup.stat().st_mode & 0o077, 0, "it holds secrets")

    def new_binary_log(self) -> None:
        """As when one is full, or the server starts: the next begins."""
        subprocess.run(["mariadb", "--no-defaults", f"--socket={self.stack.mysql_socket}", "--execute=FLUSH BINARY LOGS",
                        f"--user={getpass.getuser()}"], check=True)

    def newest_seal(self) -> str:
        """As the log tells of it; a restarted server seals what those before have left."""
        self.stack.server.stop()
        self.stack.server.start()
        self.town.move(self.stack.url)
        line = eventually(lambda: [l for l in self.stack.server.log(400).splitlines() if "audit_sealed" in l], what="a seal")[-1]
        fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
        return f"{fields['number']}:{fields['seal']}"

    def refuses_what_it_must(self, moment: datetime.datetime) -> None:
        self.assertIn("exists", script("backup", self.backup, "--data", self.folder, status=1))
        self.assertIn("overwritten", script("restore", self.backup, "--data", self.folder, status=1))
        elsewhere = self.folder / "elsewhere"
        for wrong in ("yesterday", "2026-07-05T12:00:05", "2026-13-05T12:00:05Z"):
            self.assertIn("--to", script("restore", self.backup, "--data", elsewhere, "--to", wrong, status=1))
        for gap in (-3600, 3600):
            when = text_of(moment + datetime.timedelta(seconds=gap))
            self.assertRegex(script("restore", self.backup, "--data", elsewhere, "--to", when, status=1), "beyond|logs end")
        damaged = self.folder / "damaged"
        shutil.copytree(self.backup, damaged)
        with (damaged / "binlog/binlog.000001").open("r+b") as log:
            log.seek(-10, os.SEEK_END)
            log.write(b"!")
        self.assertIn("damaged", script("restore", damaged, "--data", elsewhere, status=1))
        self.assertFalse(elsewhere.exists())

    def destroy(self) -> None:
        """As a fire in the machine, but for Redis."""
        self.stack.server.kill()
        self.stack.kill_store("mariadb")
        shutil.rmtree(self.folder / "mysql")

    def restores_the_latest(self, expected: dict[str, str]) -> None:
        copy = self.folder / "copy"
        script("restore", self.backup, "--data", copy)
        self.assertFalse((copy / "restoring").exists())
        try:
            script("servers", "start-mariadb", "--small", copy)
            self.assertEqual(bookings(copy), expected)
        finally:
            script("servers", "stop-mariadb", copy)


if __name__ == "__main__":
    unittest.main()
