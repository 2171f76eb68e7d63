"""The servers that are compared: ours and its peers, each a process on the server's core."""
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

from .machine import PEERS, ROOT, Refusal, free_port, pinned, program, run
from .stores import Stores

RELEASE = ROOT / "build" / "release"
START_TIMEOUT_S = 60


class Contender:
    """One server process; `url` is where it answers."""

    def __init__(self, name: str, folder: pathlib.Path, core_list: list[int], command: list, port: int, environment=None):
        self.name = name
        self.log = folder / f"{name}.log"
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(pinned(core_list, command), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**os.environ, **(environment or {})}, start_new_session=True)

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_until_answering(self) -> "Contender":
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=2)
                connection.request("GET", "/readyz")
                if connection.getresponse().status != 503:
                    return self
            except OSError:
                pass
            time.sleep(0.05)
        raise Refusal(f"{self.name} did not start; {self.log} ends with:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def write_config(folder: pathlib.Path, stores: Stores, port: int, threads: int) -> pathlib.Path:
    """Everything stays on; only the rates and the queue's target are raised, so that they are checked and never what is
    measured: a thousand callers who never pause may wait longer on a busy machine than parents should."""
    config = folder / "zhonglou.toml"
    config.write_text(f"""\
[http]
port = {port}
io_threads = {threads}
rate_user_per_s = 1000000
rate_user_burst = 1000000
rate_address_per_s = 10000000
rate_address_burst = 10000000

[metrics]
port = {free_port()}

[redis]
unix_socket = "{stores.redis_socket}"

[mysql]
unix_socket = "{stores.mysql_socket}"
password_file = "{stores.folder}/secrets/mysql_serve_password"
queue_target_ms = 2000

[mysql_migrate]
password_file = "{stores.folder}/secrets/mysql_migrate_password"

[auth]
dev_login = true
token_key_file = "{folder.parent}/token_key"

[check_in]
check_in_early_minutes = 525600

[log]
format = "json"
level = "info"
""", encoding="utf-8")
    return config


def migrate(config: pathlib.Path, password_file: pathlib.Path) -> None:
    run([RELEASE / "zhonglou", "migrate", "--config", config])
    run([RELEASE / "zhonglou", "admin", "create", "--config", config, "--username", "admin", "--role", "town_admin",
         "--password-file", password_file, "--if-missing"])


def start_zhonglou(name: str, folder: pathlib.Path, core_list: list[int], config: pathlib.Path, port: int) -> Contender:
    return Contender(name, folder, core_list, [RELEASE / "zhonglou", "serve", "--config", config], port)


def start_nginx(folder: pathlib.Path, core_list: list[int], stores: Stores) -> tuple[Contender, str]:
    """The peer with the gate, and the URL of the floor."""
    floor_port, gate_port = free_port(), free_port()
    text = (PEERS / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    owner = pathlib.Path("/proc/self").owner()
    for mark, value in {"modules": "/usr/lib/nginx/modules", "folder": folder, "peers": PEERS, "floor_port": floor_port,
                        "gate_port": gate_port, "redis_socket": stores.redis_socket, "user": owner}.items():
        text = text.replace(f"@{mark}@", str(value))
    config = folder / "nginx.conf"
    config.write_text(text, encoding="utf-8")
    gate = Contender("nginx", folder, core_list, [program("nginx"), "-p", folder, "-c", config], gate_port)
    return gate, f"http://127.0.0.1:{floor_port}"


def install_fastify(folder: pathlib.Path) -> pathlib.Path:
    """A copy with its packages, outside of the source tree."""
    copy = folder / "fastify"
    shutil.copytree(PEERS / "fastify", copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    lock = (copy / "package-lock.json").read_bytes()
    mark = copy / "node_modules" / ".installed"
    if not mark.exists() or mark.read_bytes() != lock:
        run([program("npm"), "ci", "--no-audit", "--no-fund"], folder=copy)
        mark.write_bytes(lock)
    return copy


def start_fastify(name: str, folder: pathlib.Path, core_list: list[int], code: pathlib.Path, stores: Stores) -> Contender:
    stores.sql((code / "schema.sql").read_text(encoding="utf-8")
               + "GRANT ALL ON peer.* TO 'zhonglou_migrate'@'localhost';")
    port = free_port()
    environment = {"PORT": str(port), "REDIS_SOCKET": os.fspath(stores.redis_socket), "NODE_ENV": "production",
                   "MYSQL_SOCKET": os.fspath(stores.mysql_socket), "MYSQL_USER": "zhonglou_migrate",
                   "MYSQL_PASSWORD": stores.password("migrate")}
    return Contender(name, folder, core_list, [program("node"), code / "server.mjs"], port, environment)


def post(url: str, path: str, body: dict, token: str | None = None, key: str | None = None) -> tuple[int, dict]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if key:
        headers["Idempotency-Key"] = key
    connection.request("POST", path, json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or b"{}")


def log_users_in(url: str, count: int) -> list[str]:
    """The tokens of users 1 to count, by keep-alive connections in parallel."""
    tokens: list[str | None] = [None] * count
    faults: list[BaseException] = []

    def lane(first: int, step: int) -> None:
        try:
            connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
            for number in range(first, count, step):
                connection.request("POST", "/api/v1/login/dev", json.dumps({"openid": f"bench-{number + 1}", "nickname": "bench"}),
                                   {"Content-Type": "application/json"})
                answer = connection.getresponse()
                body = json.loads(answer.read())
                if answer.status != 200:
                    raise Refusal(f"login answered {answer.status} {body.get('code')}")
                tokens[number] = body["token"]
        except (OSError, http.client.HTTPException, Refusal, ValueError) as fault:
            faults.append(fault)

    lanes = [threading.Thread(target=lane, args=(first, 8)) for first in range(8)]
    for each in lanes:
        each.start()
    for each in lanes:
        each.join()
    if faults:
        raise Refusal(f"users could not log in: {faults[0]}")
    return tokens
