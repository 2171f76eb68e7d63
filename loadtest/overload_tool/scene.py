"""Private stores, a server, people who are logged in, and the loads on it."""
import collections
import contextlib
import json
import pathlib
import secrets
import shutil
import subprocess
import time

from bench_tool import contenders, machine, seed
from bench_tool.machine import ROOT, Refusal
from bench_tool.stores import Stores

WALKS = 160  # activities of a programme each; everybody of the load has one seat in each
CONNECTIONS = 6_000
AT_ONCE = 512  # who press again with each answer: as many as a writer never refuses, or a peak would be one of refusals
HAMMERING_CONNECTIONS = 200
ROBOTS = 4_000  # users, or strangers, behind an address that hammers
LOAD = contenders.RELEASE / "zhonglou-open-loop"


class Hammering:
    """One user or many, from an address of their own, on many connections, each with a pipeline of requests."""

    def __init__(self, command: list[str]):
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._run: dict = {}

    def end(self) -> None:
        output, _ = self._process.communicate()
        if self._process.returncode != 0:
            raise Refusal(f"the hammering client ended with {self._process.returncode}")
        self._run = json.loads(output)

    def answers(self) -> dict[str, int]:
        """What it was answered, how often; in all its phases."""
        found: collections.Counter = collections.Counter()
        for phase in self._run["phases"]:
            found.update({kind: answers["count"] for kind, answers in phase["answers"].items()})
        return dict(found)


class Scene:
    """`sync_delay_us` makes the stores' disk slower. `settings` hold for the server that is measured. With `load_apart` the stores
    keep off the load's core. Loads at given moments have that many connections."""

    def __init__(self, folder: pathlib.Path, keep: bool, sync_delay_us: int = 0, settings: tuple[str, ...] = (),
                 load_apart: bool = False, connections: int = CONNECTIONS):
        self._folder, self._keep, self._delay_us, self._settings = folder, keep, sync_delay_us, settings
        self._connections = connections
        self._cores = machine.cores()
        if load_apart:
            self._cores["stores"] = self._cores["server"]
        self._sent = 0
        self._loads = 0
        self._answered = 0
        self._open = contextlib.ExitStack()

    def __enter__(self) -> "Scene":
        try:
            self._set_up()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_) -> None:
        self._open.close()
        if not self._keep:
            shutil.rmtree(self._folder / "stores", ignore_errors=True)

    def _set_up(self) -> None:
        shutil.rmtree(self._folder / "stores", ignore_errors=True)
        (self._folder / "stores").mkdir(parents=True)
        for name, text in (("token_key", secrets.token_hex(32)), ("admin_password", secrets.token_hex(12))):
            (self._folder / name).write_text(text, encoding="ascii")
            (self._folder / name).chmod(0o600)
        shim = self._folder / "fsync_delay.so"
        machine.run(["clang-19", "-std=c11", "-O2", "-shared", "-fPIC", "-o", shim,
                     ROOT / "loadtest" / "fsync_delay" / "fsync_delay.c"])
        self.stores = Stores(self._folder / "stores", self._cores["stores"], shim if self._delay_us else None, self._delay_us)
        self._open.callback(self.stores.stop)
        self.stores.wait_until_ready()
        self._port = machine.free_port()
        config = contenders.write_config(self._folder / "stores", self.stores, self._port, threads=1)
        contenders.migrate(config, self._folder / "admin_password")
        seed.seed_walks(self.stores, WALKS)
        self._start_server(config)
        self._write_files()
        self._build_gates()
        if self._settings:  # they may be limits, which setting up must not meet
            self.server.stop()
            self._start_server(config, *self._settings)

    def _start_server(self, config: pathlib.Path, *settings: str) -> None:
        command = [contenders.RELEASE / "zhonglou", "serve", "--config", config]
        for setting in settings:
            command += ["--set", setting]
        self.server = contenders.Contender("zhonglou", self._folder, self._cores["server"], command, self._port)
        self._open.callback(self.server.stop)
        self.server.wait_until_answering()

    def _write_files(self) -> None:
        tokens = contenders.log_users_in(self.server.url, seed.USERS)
        lines = [f"{token}\t{seed.id_of(f'attendee{number}')}\n" for number, token in enumerate(tokens, 1)]
        self._last_token, self._last_attendee = tokens[-1], seed.id_of(f"attendee{seed.USERS}")
        robots = lines[-ROBOTS - 1:-1]
        strangers = [f"{token[:-8]}AAAAAAAA\t{attendee}" for token, attendee in (line.split("\t") for line in robots)]
        for name, of_name in (("people", lines[:-ROBOTS - 1]), ("one", lines[-1:]), ("users", robots),
                              ("strangers", strangers)):
            (self._folder / f"{name}.list").write_text("".join(of_name), encoding="ascii")
        self._activities = [seed.id_of(f"walk{number}") for number in range(1, WALKS + 1)]
        (self._folder / "activities.list").write_text("\n".join(self._activities) + "\n", encoding="ascii")
        (self._folder / "first.list").write_text(self._activities[0] + "\n", encoding="ascii")

    def _build_gates(self) -> None:
        """A gate is built when it is first asked; that is not what is measured."""
        for activity in self._activities:
            status, answer = contenders.post(self.server.url, f"/api/v1/activities/{activity}/bookings",
                                             {"attendee_id": self._last_attendee}, self._last_token, f"gate-{activity}")
            if status != 201:
                raise Refusal(f"the first booking of an activity answered {status} {answer}")

    def _command(self, people: str, activities: str, phases: list[str], arguments: list) -> list[str]:
        command = [LOAD, "--port", str(self._port), "--people", self._folder / people, "--activities", self._folder / activities]
        for phase in phases:
            command += ["--phase", phase]
        return machine.pinned(self._cores["load"], [*command, *map(str, arguments)])

    def warm_up(self) -> None:
        """Everybody of the load is known to the server afterwards."""
        while self._sent < seed.USERS - ROBOTS - 1:
            self.load(["warm:0:1"])

    def load(self, phases: list[str], connections: int | None = None) -> dict:
        """Each from an address of its own, which has its whole burst."""
        connections = connections or self._connections
        self._loads += 1
        run = json.loads(machine.run(self._command("people.list", "activities.list", phases,
                                                   ["--connections", connections, "--closed-connections", min(connections, AT_ONCE),
                                                    "--skip", self._sent, "--from", f"127.0.1.{self._loads}"])))
        self._sent = run["sent"]
        if self._sent > WALKS * (seed.USERS - ROBOTS - 1):
            raise Refusal("no activity is left that is not booked: take shorter loads")
        self._answered += sum(phase["answers"].get("201", {"count": 0})["count"] for phase in run["phases"])
        return run

    @contextlib.contextmanager
    def hammering(self, people: str, spending_s: float, seconds: float, reconnects: bool = False):
        """Begins by spending its burst in `spending_s`, and goes on for `seconds` and a little more. With `reconnects` each 429 is
        answered by a reset and a new connection; nothing would read what else is in its pipeline."""
        manner = ["--waiting", 1, "--reconnect"] if reconnects else ["--waiting", 16]
        one = Hammering(self._command(people, "first.list", [f"burst:0:{spending_s}", f"hammer:0:{seconds + 1}"],
                                      ["--connections", HAMMERING_CONNECTIONS, "--closed-connections", HAMMERING_CONNECTIONS,
                                       *manner, "--from", "127.0.0.2", "--patience", 0]))
        time.sleep(spending_s)
        yield one
        one.end()

    def bucket(self, whose: str) -> tuple[float, float]:
        """What a user or an address may send in a second in the long run, and at once."""
        return self._number(f"http.rate_{whose}_per_s"), self._number(f"http.rate_{whose}_burst")

    def _number(self, key: str) -> float:
        """One of the settings; the last word on it counts."""
        return float([setting for setting in self._settings if setting.startswith(f"{key}=")][-1].partition("=")[2])

    def audit(self) -> None:
        """Every booking that was told has a row, and no activity counts more or fewer than its rows, or more than its capacity."""
        made = int(self.stores.sql("SELECT COUNT(*) FROM bookings")[0][0])
        wrong = self.stores.sql("SELECT COUNT(*) FROM activity_seats s LEFT JOIN (SELECT activity_id, COUNT(*) n FROM bookings"
                                " WHERE active = 1 GROUP BY activity_id) b USING (activity_id)"
                                " WHERE s.seats_taken > s.capacity OR s.seats_taken <> COALESCE(b.n, 0)")[0][0]
        if made < self._answered or wrong != "0":
            raise Refusal(f"audit: {self._answered} bookings were told, {made} rows were made, {wrong} activities are miscounted")
