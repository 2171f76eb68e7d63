#!/usr/bin/python3
"""scripts/servers: private stores that start, keep their data, survive being killed and leave nothing behind."""
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts/servers"


class Hold:
    """A running `servers hold`; ends when the block does."""

    def __init__(self, folder: pathlib.Path, *options: str):
        self.process = subprocess.Popen([SCRIPT, "hold", "--small", *options, folder], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if self.lines[-1] == "ready":
                break

    def __enter__(self) -> "Hold":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> tuple[int, str]:
        """Closes its standard input; its status and what it said on standard error."""
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


def servers(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run([SCRIPT, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)


def redis(folder: pathlib.Path, command: str) -> str:
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(os.fspath(folder / "redis.sock"))
        link.sendall(f"{command}\r\n".encode())
        return link.recv(4096).decode()


def sql(folder: pathlib.Path, account: str, statement: str) -> str:
    password = (folder / "secrets" / f"mysql_{account}_password").read_text()
    return subprocess.run(["mariadb", "--no-defaults", f"--socket={folder}/mysql.sock", f"--user=zhonglou_{account}",
                           "--batch", "--skip-column-names", f"--execute={statement}"], text=True, check=True,
                          env={**os.environ, "MYSQL_PWD": password}, capture_output=True).stdout.strip()


def runs(folder: pathlib.Path) -> list[str]:
    """The server processes of a folder."""
    found = []
    for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in command and (b"redis-server" in command or b"mariadbd" in command):
            found.append(command.replace(b"\0", b" ").decode())
    return found


class Servers(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="zl-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def tearDown(self) -> None:
        self.assertEqual(runs(self.folder), [])

    def test_the_binary_log_is_synced_with_each_commit_and_costs_no_large_files(self):
        with Hold(self.folder, "--binlog"):
            facts = "SELECT @@log_bin, @@sync_binlog, @@binlog_format, @@innodb_log_file_size"
            self.assertEqual(sql(self.folder, "migrate", facts), "1\t1\tROW\t16777216")

    def test_hold_prints_the_sockets_and_ends_with_its_input(self):
        with Hold(self.folder) as hold:
            self.assertEqual(hold.lines, [f"redis {self.folder}/redis.sock", f"mysql {self.folder}/mysql.sock", "ready"])
            self.assertEqual(redis(self.folder, "PING"), "+PONG\r\n")
            self.assertEqual(hold.end(), (0, ""))
        self.assertFalse((self.folder / "redis.pid").exists())
        self.assertFalse((self.folder / "mysql.sock").exists())

    def test_the_stores_have_the_settings_that_the_server_demands(self):
        with Hold(self.folder):
            self.assertIn("noeviction", redis(self.folder, "CONFIG GET maxmemory-policy"))
            self.assertIn("yes", redis(self.folder, "CONFIG GET appendonly"))
            self.assertIn("everysec", redis(self.folder, "CONFIG GET appendfsync"))
            settings = sql(self.folder, "serve", "SELECT @@innodb_flush_log_at_trx_commit, @@character_set_server, "
                                                 "@@skip_networking, @@sql_mode")
            self.assertRegex(settings, r"^1\tutf8mb4\t1\t.*STRICT_TRANS_TABLES")

    def test_a_start_leaves_the_temporary_tables_of_other_servers_alone(self):
        with tempfile.TemporaryDirectory(prefix="zl-") as shared, mock.patch.dict(os.environ, {"TMPDIR": shared}):
            os.environ.pop("ZL_MARIADB_TEMPLATE", None)  # so that it makes its data itself, which a start is part of
            table = pathlib.Path(shared, "#sql-temptable-1-2-3.MAI")
            table.touch()
            with Hold(self.folder):
                self.assertTrue(table.exists())

    def test_one_account_migrates_and_grants_the_other_only_serves(self):
        with Hold(self.folder):
            sql(self.folder, "migrate", "CREATE TABLE zhonglou.t (a INT); INSERT INTO zhonglou.t VALUES (7);"
                                        "GRANT SELECT ON zhonglou.t TO zhonglou_serve@localhost")
            self.assertEqual(sql(self.folder, "serve", "SELECT a FROM zhonglou.t"), "7")
            with self.assertRaises(subprocess.CalledProcessError):
                sql(self.folder, "serve", "DELETE FROM zhonglou.t")

    def test_passwords_are_for_the_owner_alone_and_stay(self):
        with Hold(self.folder):
            pass
        secrets = self.folder / "secrets"
        self.assertEqual(secrets.stat().st_mode & 0o777, 0o700)
        before = {file.name: file.read_text() for file in secrets.iterdir()}
        self.assertEqual({file.stat().st_mode & 0o777 for file in secrets.iterdir()}, {0o600})
        with Hold(self.folder):
            self.assertEqual({file.name: file.read_text() for file in secrets.iterdir()}, before)

    def test_data_stays_over_a_stop(self):
        with Hold(self.folder):
            redis(self.folder, "SET k v")
            sql(self.folder, "migrate", "CREATE TABLE zhonglou.t (a INT); INSERT INTO zhonglou.t VALUES (7)")
        with Hold(self.folder):
            self.assertEqual(redis(self.folder, "GET k"), "$1\r\nv\r\n")
            self.assertEqual(sql(self.folder, "migrate", "SELECT a FROM zhonglou.t"), "7")

    def test_term_and_int_end_everything(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Hold(self.folder) as hold:
                hold.process.send_signal(number)
                self.assertEqual(hold.process.wait(timeout=60), 0)
            self.assertEqual(runs(self.folder), [])

    def test_a_folder_in_use_is_refused(self):
        with Hold(self.folder):
            second = servers("hold", self.folder)
            self.assertEqual(second.returncode, 1)
            self.assertIn("is in use", second.stderr)
            self.assertEqual(redis(self.folder, "PING"), "+PONG\r\n")

    def test_a_killed_hold_leaves_nothing_that_hinders_the_next(self):
        with Hold(self.folder) as hold:
            servers("stop-redis", self.folder)
            servers("start-redis", self.folder)  # this one is nobody's child and outlives the hold
            hold.process.kill()
        with Hold(self.folder) as hold:
            self.assertEqual(hold.lines[-1], "ready")

    def test_each_store_stops_and_starts_by_itself(self):
        with Hold(self.folder) as hold:
            for store, name in (("redis", "redis.sock"), ("mariadb", "mysql.sock")):
                self.assertEqual(servers(f"stop-{store}", self.folder).returncode, 0)
                self.assertFalse((self.folder / name).exists())
                self.assertEqual(servers(f"start-{store}", "--small", self.folder).returncode, 0)
                again = servers(f"start-{store}", self.folder)
                self.assertEqual(again.returncode, 1)
                self.assertIn("already runs", again.stderr)
            self.assertIsNone(hold.process.poll())

    def test_a_store_that_was_killed_starts_again(self):
        with Hold(self.folder):
            for store in ("redis", "mariadb"):
                os.kill(int((self.folder / f"{store}.pid").read_text()), signal.SIGKILL)
                servers(f"stop-{store}", self.folder)
                self.assertEqual(servers(f"start-{store}", "--small", self.folder).returncode, 0)

    def test_fail_fast_ends_with_the_first_store_that_ends(self):
        with Hold(self.folder, "--fail-fast") as hold:
            os.kill(int((self.folder / "redis.pid").read_text()), signal.SIGKILL)
            self.assertEqual(hold.process.wait(timeout=60), 1)
            self.assertIn("redis ended by itself", hold.end()[1])

    def test_a_path_too_long_for_a_socket_is_refused(self):
        long = self.folder / ("x" * 100)
        result = servers("hold", long)
        self.assertEqual(result.returncode, 1)
        self.assertIn("shorter path", result.stderr)
        self.assertFalse(long.exists())


if __name__ == "__main__":
    unittest.main()
