"""Zhonglou with private stores, for the black-box tests: Stack starts them, and as many server processes as wanted.

ctest sets ZL_SOURCE_DIR and ZL_BINARY_DIR; by hand, the debug build of this tree is used. Settings are given by their
key with two underscores for the dot: Stack(http__io_threads=1, check_in__check_in_early_minutes=43200).
"""
import collections
import contextlib
import http.client
import itertools
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

SOURCE_DIR = pathlib.Path(os.environ.get("ZL_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
BINARY_DIR = pathlib.Path(os.environ.get("ZL_BINARY_DIR") or SOURCE_DIR / "build/debug")
ZHONGLOU = BINARY_DIR / "zhonglou"

SECRET_SETTINGS = {f"{section}__{name}" for section, names in {
    "redis": ("password",), "mysql": ("password",), "mysql_migrate": ("password",),
    "auth": ("token_key", "previous_token_key"),
    "wechat": ("secret", "mini_secret", "callback_token", "encoding_aes_key", "sms_token")}.items() for name in names}

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60
POLL_INTERVAL_S = 0.02
SANITIZER_REPORT = re.compile(r"ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|runtime error:")

# Letters of proc(5): a thread that has stopped, is traced or has ended.
STOPPED = {"T", "t", "Z"}

Answer = collections.namedtuple("Answer", "status headers body json")


def thread_states(pid: int) -> set[str]:
    """The letters of proc(5) for what the threads are doing."""
    states = set()
    for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended meanwhile
            states.add(stat.read_text().rpartition(")")[2].split()[0])
    return states


def stand_still(pid: int) -> None:
    """SIGSTOP, and returns when every thread has stopped: on a busy machine the others run on until one takes the signal."""
    os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while True:
        if thread_states(pid) <= STOPPED:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"process {pid} did not stop: {thread_states(pid)}")
        time.sleep(POLL_INTERVAL_S / 20)


def clock_ahead(seconds: int) -> dict[str, str]:
    """Variables that put a server's wall clock ahead, or behind."""
    return {"LD_PRELOAD": str(BINARY_DIR / "libzl_shifted_clock.so"), "ZL_CLOCK_AHEAD_S": str(seconds)}


class Client:
    """One kept-alive connection that speaks JSON. `path` is the whole path: "/api/v1/me"."""

    def __init__(self, url: str, token: str | None = None, timeout_s: float = 30):
        address = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=timeout_s)
        self.token = token

    def request(self, method: str, path: str, body=None, headers: dict | None = None) -> Answer:
        sent = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            body = json.dumps(body, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        self.connection.request(method, path, body=body, headers=sent | (headers or {}))
        response = self.connection.getresponse()
        content = response.read()
        is_json = response.headers.get_content_subtype().endswith("json")
        return Answer(response.status, response.headers, content, json.loads(content) if content and is_json else None)

    def close(self) -> None:
        self.connection.close()


class EndedWhileStarting(AssertionError):
    """`server` has the status and the log."""

    def __init__(self, server: "Server"):
        super().__init__(f"the server ended while starting (status {server.status}):\n{server.log()}")
        self.server = server


class Server:
    """A `zhonglou serve` on a free port; `url` is its address."""

    def __init__(self, config: pathlib.Path, name: str, settings: dict, environment: dict[str, str]):
        self._config = config
        self._settings = settings
        self._environment = environment
        self._out = config.parent / f"{name}.out"
        self._log = config.parent / f"{name}.log"
        self._log.touch()
        self._process = None
        self._killed = False
        self.url = ""
        self.start()

    @property
    def port(self) -> int:
        return urllib.parse.urlsplit(self.url).port

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        """Starts the process, again after it has ended; on a new port."""
        # Should the test be killed, the server ends too.
        command = ["setpriv", "--pdeathsig", "TERM", ZHONGLOU, "serve", "--config", self._config,
                   *set_options(self._settings)]
        with self._out.open("wb") as out, self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=log,
                                             env=os.environ | secret_variables(self._settings) | self._environment)
        self._killed = False
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (ready := re.search(r"^ready (\S+)$", self._out.read_text(), re.MULTILINE)):
            if self._process.poll() is not None:
                raise EndedWhileStarting(self)
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the server was not ready within {START_TIMEOUT_S} s:\n{self.log()}")
            time.sleep(POLL_INTERVAL_S)
        self.url = ready.group(1)

    @property
    def status(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """As a crash: SIGKILL, then waits until the process is gone."""
        self._killed = True
        self._process.kill()
        self._process.wait()

    def ends_within(self, timeout_s: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        return not self.running()

    def wait_killed(self, timeout_s: float) -> None:
        """Until it has ended by SIGKILL, which somebody else sends; fails where it ends in another way, or not in time."""
        try:
            status = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server was not killed within {timeout_s} s:\n{self.log()}") from None
        if status != -signal.SIGKILL:
            raise AssertionError(f"the server ended with status {status}:\n{self.log()}")
        self._killed = True

    def pause(self) -> None:
        stand_still(self._process.pid)

    def stands_still(self) -> bool:
        return thread_states(self._process.pid) <= STOPPED

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """SIGTERM; fails unless the server drains, ends with status 0 and no sanitizer has complained."""
        if self.running():
            self.resume()
            self._process.terminate()
            try:
                self._process.wait(timeout=STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"the server did not end within {STOP_TIMEOUT_S} s of SIGTERM:\n{self.log()}") from None
        self.check_log()
        if not self._killed and self._process.returncode != 0:
            raise AssertionError(f"the server ended with status {self._process.returncode}:\n{self.log()}")

    def log(self, lines: int = 40) -> str:
        """The last lines of what it wrote to standard error."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    def check_log(self) -> None:
        text = self._log.read_text(errors="replace")
        if report := SANITIZER_REPORT.search(text):
            raise AssertionError(f"a sanitizer found a fault in the server:\n{text[report.start():][:20000]}")


class Stack:
    """Private Redis and MariaDB, migrated, a town admin and one running server; stop() ends and checks all of it."""

    store_options = ("--small", "--binlog")  # of scripts/servers: synced with each commit, as an operator has it
    admin_username = "admin"
    admin_password = "zhonglou-demo"

    def __init__(self, **settings):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="zl-"))
        self._servers = []
        self._numbers = itertools.count()  # of servers, also of those that don't start
        self._stores = subprocess.Popen([SOURCE_DIR / "scripts/servers", "hold", *self.store_options, self.folder],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if "ready\n" not in iter(self._stores.stdout.readline, ""):
                raise AssertionError("the stores did not start")
            if password := settings.get("redis__password"):
                self._lock_redis(password)
            self._config = self._write_config(settings)
            self.zhonglou("migrate")
            self.create_admin(self.admin_username, self.admin_password)
            self.server = self.start_server()
        except BaseException:
            self._end()
            raise

    @property
    def url(self) -> str:
        """Address of the first server."""
        return self.server.url

    @property
    def redis_socket(self) -> pathlib.Path:
        return self.folder / "redis.sock"

    @property
    def mysql_socket(self) -> pathlib.Path:
        return self.folder / "mysql.sock"

    def secret(self, name: str) -> str:
        """A text of the stack's secrets, such as "mysql_migrate_password"."""
        return (self.folder / "secrets" / name).read_text()

    def client(self, token: str | None = None) -> Client:
        return Client(self.url, token)

    def start_server(self, environment: dict[str, str] | None = None, **settings) -> Server:
        """A further server process on the same stores, with settings of its own on top of the stack's, and variables on top of
        ours."""
        server = Server(self._config, f"server{next(self._numbers)}", settings, environment or {})
        self._servers.append(server)
        return server

    def zhonglou(self, *arguments: str) -> str:
        """Runs another command of the program to its end; what it printed. Fails if it fails."""
        result = subprocess.run([ZHONGLOU, *arguments, "--config", self._config], stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise AssertionError(f"zhonglou {' '.join(arguments)}: status {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout

    def create_admin(self, username: str, password: str, role: str = "town_admin") -> None:
        password_file = self._write_secret(f"{username}_password", password)
        self.zhonglou("admin", "create", "--username", username, "--role", role, "--password-file", str(password_file))

    def store(self, verb: str, *options: str) -> None:
        """A verb of scripts/servers for one store: "stop-redis", "start-mariadb"."""
        subprocess.run([SOURCE_DIR / "scripts/servers", verb, *self.store_options, *options, self.folder], check=True)

    def kill_store(self, name: str) -> None:
        """As a crash: SIGKILL to "redis" or "mariadb"."""
        os.kill(int((self.folder / f"{name}.pid").read_text()), signal.SIGKILL)
        self.store(f"stop-{name}")

    def stop(self) -> None:
        """Ends the servers, the last first, then the stores; fails with the first fault that a server showed."""
        faults = []
        for server in reversed(self._servers):
            try:
                server.stop()
            except AssertionError as error:
                faults.append(error)
        self._end()
        if faults:
            raise faults[0]

    def _end(self) -> None:
        for server in self._servers:
            if server.running():
                server.kill()
        self._stores.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _lock_redis(self, password: str) -> None:
        """Until it is started again."""
        result = subprocess.run(["redis-cli", "-s", self.redis_socket], input=f"CONFIG SET requirepass {password}\n",
                                capture_output=True, text=True, check=True)
        if result.stdout != "OK\n":
            raise AssertionError(f"Redis takes no password: {result.stdout}")

    def _write_secret(self, name: str, text: str) -> pathlib.Path:
        """For the owner's eyes: the server refuses a secret that everybody may read."""
        file = self.folder / "secrets" / name
        file.touch(mode=0o600)
        file.write_text(text)
        return file

    def _write_config(self, settings: dict) -> pathlib.Path:
        self._write_secret("token_key", secrets.token_hex(32))
        values = {
            "http__address": "127.0.0.1", "http__port": 0, "http__io_threads": 2,
            "metrics__port": 0,
            # What is late on a busy machine is no overload and no outage; tests of these say otherwise.
            "http__queue_target_ms": 60_000, "redis__queue_target_ms": 60_000, "redis__command_timeout_ms": 5_000,
            "http__idle_timeout_ms": 600_000,  # a test's clients wait while it takes its time
            "redis__unix_socket": str(self.redis_socket),
            "mysql__unix_socket": str(self.mysql_socket),
            "mysql__password_file": str(self.folder / "secrets/mysql_serve_password"),
            "mysql_migrate__password_file": str(self.folder / "secrets/mysql_migrate_password"),
            "auth__dev_login": True,
            "auth__token_key_file": str(self.folder / "secrets/token_key"),
            "log__format": "text",
        } | settings
        sections = collections.defaultdict(list)
        for key, value in values.items():
            section, name = key.split("__", 1)
            # TOML writes numbers, truth values, texts and lists of them as JSON does.
            sections[section].append(f"{name} = {json.dumps(value)}\n")
        config = self.folder / "zhonglou.toml"
        config.write_text("".join(f"[{section}]\n{''.join(lines)}" for section, lines in sections.items()))
        return config

    def __enter__(self) -> "Stack":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def secret_variables(settings: dict) -> dict[str, str]:
    """What is secret among them: it is not taken from options, which everybody can read."""
    return {f"ZHONGLOU_{key.upper()}": value for key, value in settings.items() if key in SECRET_SETTINGS}


def set_options(settings: dict) -> list[str]:
    options = []
    for key, value in settings.items():
        if key in SECRET_SETTINGS:
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        options += ["--set", f"{key.replace('__', '.', 1)}={text}"]
    return options
