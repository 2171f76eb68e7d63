#!/usr/bin/python3
"""scripts/run: one command starts everything, one signal ends it, and what can't go on says why."""
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts/run"
ENVIRONMENT = {"ZL_BINARY_DIR": str(ROOT / "build/debug")} | os.environ
STOP_TIMEOUT_S = 60


class Run:
    """A scripts/run on a free port, read until its ready line or its end."""

    def __init__(self, folder: pathlib.Path, *options: str):
        self.process = subprocess.Popen([SCRIPT, "--data", folder, *options], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT,
                                        start_new_session=True)
        self.lines = []
        self.url = None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if ready := re.fullmatch(r"ready (http://127\.0\.0\.1:\d+)", self.lines[-1]):
                self.url = ready.group(1)
                break

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.end()

    def end(self) -> int:
        """Waits for the end; its status. What it still printed joins `lines`."""
        output, _ = self.process.communicate(timeout=STOP_TIMEOUT_S)
        self.lines += output.splitlines()
        return self.process.returncode

    def call(self, method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
        address = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body),
                               headers={} if body is None else {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, json.loads(response.read() or "{}")
        finally:
            connection.close()


def fetch(method: str, url: str, body: dict | None = None) -> tuple[int, dict, str]:
    """Of any server, without following a redirection."""
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    try:
        connection.request(method, f"{address.path}?{address.query}", None if body is None else json.dumps(body))
        response = connection.getresponse()
        return response.status, dict(response.headers), response.read().decode()
    finally:
        connection.close()


def processes(folder: pathlib.Path) -> list[str]:
    """All processes that were started for a folder."""
    found = []
    for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in command:
            found.append(command.replace(b"\0", b" ").decode())
    return found


def eventually_none(folder: pathlib.Path) -> list[str]:
    """What is left of a folder's processes after a while."""
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while (left := processes(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


class RunScript(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="zl-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def test_the_demo_is_there_when_it_is_ready(self):
        with Run(self.folder, "--port", "0", "--opens-in", "3600") as run:
            self.assertIsNotNone(run.url, run.lines)
            status, page = run.call("GET", "/api/v1/activities?limit=200")
            self.assertEqual((status, len(page["items"])), (200, 14))
            self.assertEqual(sum(activity["capacity"] for activity in page["items"]), 300)
            self.assertIn("zhonglou-demo", "\n".join(run.lines))
            self.assertTrue((self.folder / "mysql/binlog.000001").exists(), "scripts/backup needs the binary log")
            for username in ("admin", "zhonglou", "door"):
                login = {"username": username, "password": "zhonglou-demo"}
                self.assertEqual(run.call("POST", "/api/v1/admin/login", login)[0], 200, username)

    def test_empty_has_one_admin_whose_password_it_prints(self):
        with Run(self.folder, "--port", "0", "--empty") as run:
            account = next(match for line in run.lines if (match := re.fullmatch(r"town admin: (\S+) / (\S+)", line)))
            login = {"username": account.group(1), "password": account.group(2)}
            self.assertEqual(run.call("POST", "/api/v1/admin/login", login)[0], 200)
            self.assertEqual(run.call("GET", "/api/v1/activities")[1]["items"], [])

    def test_term_and_int_end_everything_and_the_next_start_goes_on(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Run(self.folder, "--port", "0", "--empty") as run:
                self.assertIsNotNone(run.url, run.lines)
                run.process.send_signal(number)
                self.assertEqual(run.end(), 0, run.lines)
                self.assertEqual(processes(self.folder), [])

    def test_nothing_outlives_a_killed_script(self):
        with Run(self.folder, "--port", "0", "--empty") as run:
            run.process.kill()
            run.process.wait()
            self.assertEqual(eventually_none(self.folder), [])

    def test_a_store_that_ends_ends_all_with_a_reason(self):
        with Run(self.folder, "--port", "0", "--empty") as run:
            os.kill(int((self.folder / "redis.pid").read_text()), signal.SIGKILL)
            self.assertEqual(run.end(), 1)
            self.assertIn("redis ended by itself", "\n".join(run.lines))
            self.assertEqual(processes(self.folder), [])

    def test_a_taken_port_is_a_reason_too(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            with Run(self.folder, "--port", port, "--empty") as run:
                self.assertIsNone(run.url)
                self.assertEqual(run.end(), 1)
                self.assertIn(port, "\n".join(line for line in run.lines if not line.startswith("ready")))
                self.assertEqual(processes(self.folder), [])

    def test_an_emulated_wechat_is_there_with_menu_callback_and_login(self):
        with Run(self.folder, "--port", "0", "--empty", "--wechat-emulator") as run:
            self.assertIsNotNone(run.url, run.lines)
            platform = next(match[1] for line in run.lines if (match := re.fullmatch(r"WeChat, emulated: (\S+)", line)))

            def control(name: str, **given) -> dict:
                return json.loads(fetch("POST", f"{platform}/emulator/{name}", given)[2])

            self.assertEqual([button["name"] for button in control("report")["menu"]["button"]],
                             ["我的预约", "今日活动", "报名"])
            said = control("say", openid="o_mother_li", text="帮助")["deliveries"]
            self.assertEqual([(delivery["status"], delivery["understood"]) for delivery in said], [(200, True)])
            self.assertTrue(said[0]["reply"]["Content"])
            status, headers, _ = fetch("GET", f"{run.url}/api/v1/login/wechat?return_to=/")
            self.assertEqual(status, 302)
            self.assertTrue(headers["Location"].startswith(f"{platform}/connect/oauth2/authorize?appid="))
            self.assertIn("李妈妈", fetch("GET", headers["Location"].partition("#")[0])[2])
        self.assertEqual(eventually_none(self.folder), [])

    def test_wrong_options_are_refused(self):
        for options in (["--port"], ["--port", "99999"], ["--opens-in", "soon"], ["--bogus"]):
            with Run(self.folder, *options) as run:
                self.assertEqual(run.end(), 1, options)


if __name__ == "__main__":
    unittest.main()
