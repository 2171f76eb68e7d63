"""What breaks in a round of faults, drawn from a seed, and the hand that breaks and mends it."""

import contextlib
import dataclasses
import os
import random
import shutil
import signal
import subprocess
import time

from judge_tool.gate import Redis, RedisFault, read_gate
from judge_tool.history import now_ms
from stores import Ledger
from support.stack import SOURCE_DIR, clock_ahead
from support.tcp_gate import AT_COMMIT, Fault, TcpGate

STORES = ("redis", "mariadb")
REDIS_RETURNS = ("with its log", "with a truncated log", "without a log", "empty")
LONG_STOPS = 0.1  # of what stands still does so for half a minute
LONG_STOP_S = 30
BETWEEN = 0.4  # of the blows fall between grant and commit
NETWORK = 0.35  # of the blows go to the network
CUTS = [(store, fault) for store in STORES for fault in Fault
        if fault is not Fault.NONE and (store == "mariadb" or fault not in AT_COMMIT)]
LONGEST_STALL_S = 40
HOLD_TIMEOUT_S = 1
LOCKING_S = 0.3  # until the seats of all activities are locked
OPENING = 0.5  # of the programmes open while parents press
OPENS_S = (0.3, 2.5)
CLOSING = 0.15  # close while they do
LEAST_OPEN_S = 0.5


@dataclasses.dataclass
class Blow:
    """One fault: the targets are hit together, and mended together after so many seconds."""

    at_s: float
    action: str  # kill, stop, restart; cut: its network; stall: stopped between grant and commit until its holds are returned
    targets: tuple[str, ...]
    for_s: float
    redis_returns: str = REDIS_RETURNS[0]
    kept_of_log: float = 1.0
    cut: tuple[str, Fault] | None = None  # on the way to which store, and how
    between: bool = False  # falls when the gate has granted seats and their commits have not come

    def __str__(self):
        when = f"{self.at_s:.2f} s{' or when seats are granted and not committed' if self.between else ''}"
        if self.cut:
            return f"{when}: {' + '.join(self.targets)} to {self.cut[0]}: {self.cut[1].value} for {self.for_s:.2f} s"
        back = f", back {self.redis_returns}" if "redis" in self.targets and self.action != "stop" else ""
        return f"{when}: {self.action} {' + '.join(self.targets)} for {self.for_s:.2f} s{back}"


@dataclasses.dataclass
class Change:
    """What a station does meanwhile, at one of the servers."""

    at_s: float
    kind: str  # capacity; publish: what was a draft until then; close: the activity is cancelled with its bookings
    place: int  # of the activity among all of the plan
    capacity: int = 0

    def __str__(self):
        return f"{self.at_s:.2f} s: {self.kind} activity {self.place} {self.capacity or ''}".rstrip()


@dataclasses.dataclass
class Plan:
    """One round. The same seed and number give the same plan, whatever the machine does."""

    name: str
    servers: int
    seconds: float
    families: int
    # Rules, and under "activities" pairs of capacity and starting hour; "opens_s" and "closes_s" where that is while
    # parents press.
    programmes: list[dict]
    blows: list[Blow]
    changes: list[Change] = dataclasses.field(default_factory=list)

    def __str__(self):
        return (f"round {self.name}: {self.servers} servers, {self.families} families, "
                f"{'; '.join(map(str, self.blows)) or 'calm'}; {'; '.join(map(str, self.changes)) or 'no changes'}"
                + "".join(f"; {moment:.2f} s: programme {place} {what}" for moment, place, what in self.moments))

    @property
    def moments(self):
        """When programmes open and close while parents press: seconds, places and what happens."""
        return sorted((wanted[name], place, what) for place, wanted in enumerate(self.programmes)
                      for name, what in (("opens_s", "opens"), ("closes_s", "closes")) if name in wanted)

    @property
    def drafts(self):
        """Places of the activities that are published on the way."""
        return {change.place for change in self.changes if change.kind == "publish"}


def draw(seed, number):
    choice = random.Random(f"round {seed} {number}")
    servers = choice.choice((1, 2, 2, 3))
    seconds = choice.uniform(3, 5)
    kind = choice.choices(("calm", "blows", "stall"), (1, 14, 2 if servers > 1 else 0))[0]
    blows = []
    if kind == "blows":
        blows = sorted((blow(choice, servers, seconds) for _ in range(choice.choice((1, 1, 2, 3)))), key=lambda b: b.at_s)
    elif kind == "stall":
        blows = [Blow(choice.uniform(0, seconds / 2), "stall", ("server0",), 0, between=True)]
    families = choice.randint(20, 40)
    programmes = [programme(choice) for _ in range(choice.choice((1, 2)))]
    # Drawn apart, so that older seeds break what they broke before.
    changes = draw_changes(random.Random(f"changes {seed} {number}"), programmes, seconds)
    draw_moments(random.Random(f"moments {seed} {number}"), programmes, seconds)
    return Plan(f"{seed}.{number}", servers, seconds, families, programmes, blows, changes)


def draw_changes(choice, programmes, seconds):
    places = list(range(sum(len(wanted["activities"]) for wanted in programmes)))
    choice.shuffle(places)
    changes = []
    for kind, often in (("publish", 0.4), ("close", 0.4)):
        if choice.random() < often:
            changes.append(Change(choice.uniform(0, seconds), kind, places.pop()))
    for _ in range(choice.choice((0, 1, 2, 4)) if places else 0):
        changes.append(Change(choice.uniform(0, seconds), "capacity", choice.choice(places), choice.randint(1, 24)))
    return sorted(changes, key=lambda change: change.at_s)


def draw_moments(choice, programmes, seconds):
    for wanted in programmes:
        if choice.random() < OPENING:
            wanted["opens_s"] = choice.uniform(*OPENS_S)
        if choice.random() < CLOSING:
            wanted["closes_s"] = choice.uniform(wanted.get("opens_s", 0) + LEAST_OPEN_S, seconds)


def blow(choice, servers, seconds):
    everything = [f"server{number}" for number in range(servers)] + list(STORES)
    # Mostly one thing, now and then several at once.
    # Early, because later the seats are sold.
    between = choice.random() < BETWEEN
    at_s = choice.uniform(0, seconds / 4 if between else seconds)
    if choice.random() < NETWORK:
        server = f"server{choice.randrange(servers)}"
        return Blow(at_s, "cut", (server,), choice.choice((0.2, choice.uniform(0, 2), choice.uniform(0, 9))),
                    cut=choice.choice(CUTS), between=between)
    targets = tuple(sorted(choice.sample(everything, choice.choice((1, 1, 1, 2, 2, 3)))))
    action = choice.choice(("kill", "kill", "stop", "restart"))
    lasts_s = choice.choice((0, choice.uniform(0, 1), choice.uniform(0, 6)))
    if action == "stop" and choice.random() < LONG_STOPS:
        lasts_s = LONG_STOP_S
    return Blow(at_s, action, targets, lasts_s, choice.choice(REDIS_RETURNS), choice.uniform(0, 1), between=between)


def programme(choice):
    rules = {"max_per_attendee": choice.choice((None, 1, 2)), "max_per_user": choice.choice((None, 2, 3)),
             "forbid_overlap": choice.random() < 0.7, "cancel_hours": 24}
    activities = [(choice.randint(2, 12), choice.choice((0, 0, 1, 4))) for _ in range(choice.randint(2, 4))]
    return rules | {"activities": activities}


class GatedServer:
    """A server that reaches each store through a gate of its own."""

    def __init__(self, stack, clock_ahead_s=0):
        self.gates = {"redis": TcpGate(stack.redis_socket), "mariadb": TcpGate(stack.mysql_socket, mysql=True)}
        self.process = stack.start_server(clock_ahead(clock_ahead_s), redis__unix_socket="", redis__port=self.gates["redis"].port,
                                          mysql__unix_socket="", mysql__port=self.gates["mariadb"].port)

    @property
    def url(self):
        return self.process.url

    def stop(self):
        self.process.stop()
        for gate in self.gates.values():
            gate.close()


class Nemesis:
    """Breaks the servers and stores of a stack, and mends them; what it does is recorded."""

    def __init__(self, stack, servers, recorder, snapshot):
        self._stack = stack
        self._servers = servers
        self._recorder = recorder
        self._activities = list(snapshot.activities.values())
        self._opens_at = min(programme.opens_at for programme in snapshot.programmes.values())
        self.uncommitted = 0  # grants that the ledger had not answered for when a blow fell between the two
        self.returned = 0  # those of them that were returned while their writer stood still
        self.kept = set()  # and those that were not, which nobody may find
        self.cuts = 0  # of the network
        self.cuts_that_hit = 0  # something that was on its way, or wanted to be

    def perform(self, blows):
        """All blows in turn, each at its time or after the one before; everything runs when it returns."""
        began = time.monotonic()
        for blow in blows:
            time.sleep(max(0.0, began + blow.at_s - time.monotonic()))
            if blow.between:
                self._wait_for_the_first_grants()
            at = now_ms()
            try:
                with self._commits_held_back(blow) as held:
                    self._hit(blow)
                self._last(blow, held)
            finally:
                self._mend(blow)
                self._recorder.fault(str(blow), at, now_ms())

    def _wait_for_the_first_grants(self):
        """There are none before anything opens: the release is what the blow has to strike."""
        time.sleep(max(0.0, (self._opens_at - now_ms()) / 1000 - LOCKING_S))

    @contextlib.contextmanager
    def _commits_held_back(self, blow):
        """Where the blow is to fall between grant and commit: until there are grants, and as long as the block lasts."""
        held = set()
        with contextlib.ExitStack() as locks:
            if blow.between:
                for activity in self._activities:
                    locks.enter_context(Ledger(self._stack).seats_locked(activity.id))
                held = self._wait(self._pending, HOLD_TIMEOUT_S)
                self.uncommitted += len(held)
            yield held

    def _hit(self, blow):
        for target in blow.targets:
            if blow.action == "cut":
                store, fault = blow.cut
                self._servers[index_of(target)].gates[store].break_with(fault)
            elif target in STORES:
                self._hit_store(target, blow)
            elif blow.action == "kill":
                self._server(target).kill()
            elif blow.action in ("stop", "stall"):
                self._server(target).pause()
        # A server that is asked to end drains: that takes the stores that still run.
        if blow.action == "restart":
            for target in blow.targets:
                if target not in STORES:
                    self._server(target).stop()

    def _last(self, blow, held):
        if blow.action != "stall":
            time.sleep(blow.for_s)
        elif held:
            self._wait(lambda: not self._pending() & held, LONGEST_STALL_S)
            kept = self._pending() & held
            self.returned += len(held - kept)
            self.kept |= kept

    def _hit_store(self, name, blow):
        if blow.action == "kill":
            self._stack.kill_store(name)
        elif blow.action == "stop":
            os.kill(self._pid(name), signal.SIGSTOP)
        else:
            self._stack.store(f"stop-{name}")

    def _mend(self, blow):
        """Stores first: a server does not start without them."""
        for target in sorted(blow.targets, key=lambda name: name not in STORES):
            if blow.action == "cut":
                store, fault = blow.cut
                gate = self._servers[index_of(target)].gates[store]
                gate.heal()
                self.cuts += 1
                self.cuts_that_hit += gate.hits.pop(fault, 0) > 0
            elif blow.action in ("stop", "stall"):
                if target in STORES:
                    os.kill(self._pid(target), signal.SIGCONT)
                else:
                    self._server(target).resume()
            elif target == "redis":
                self._start_redis(blow)
            elif target == "mariadb":
                self._stack.store("start-mariadb")
            else:
                self._server(target).start()

    def _start_redis(self, blow):
        files = self._stack.folder / "redis" / "appendonlydir"
        if blow.redis_returns == "empty":
            shutil.rmtree(files, ignore_errors=True)
        elif blow.redis_returns == "with a truncated log":
            for log in files.glob("*.incr.aof"):
                os.truncate(log, int(log.stat().st_size * blow.kept_of_log))
        options = ["--no-aof"] if blow.redis_returns == "without a log" else []
        subprocess.run([SOURCE_DIR / "scripts/servers", "start-redis", *options, self._stack.folder], check=True)

    def _pending(self):
        """Grants that the ledger has not answered for."""
        try:
            redis = Redis(self._stack.redis_socket)
        except RedisFault:
            return set()
        try:
            return {booking for count in read_gate(redis, self._activities).values()
                    for booking, committed in count.holders.items() if not committed}
        finally:
            redis.close()

    @staticmethod
    def _wait(condition, seconds):
        deadline = time.monotonic() + seconds
        while not (value := condition()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return value

    def _server(self, name):
        return self._servers[index_of(name)].process

    def _pid(self, store):
        return int((self._stack.folder / f"{store}.pid").read_text())


def index_of(server):
    return int(server.removeprefix("server"))
