"""What a store or a server runs out of, and gets back: room on its disk, connections, descriptors."""

import contextlib
import os
import pathlib
import resource
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

from judge_tool.gate import Redis
from support.stack import SOURCE_DIR

MIB = 1 << 20
PAGE = 4096
TOP_UP_PAUSE_S = 0.01
SERVING_USER = "zhonglou_serve"
FEWEST_CONNECTIONS = 10  # that MariaDB can be set to
STANDARD_STREAMS = 3  # the lowest descriptors, always in use
END = "-- that was all --"
DATA = {"redis": "redis", "mariadb": "mysql"}  # the stores' data folders

# In a mount namespace of its own, which ends with this shell: nobody else sees the disk, and nothing is left of it.
KEEP_DISK = """
set -e
mkdir -p "$FOLDER" "$FOLDER.disk"
mount -t tmpfs -o "size=$SIZE" none "$FOLDER.disk"
cp -a "$FOLDER/." "$FOLDER.disk"
mount --bind "$FOLDER.disk" "$FOLDER"
echo ready
exec cat
"""


class SmallDisk:
    """Restarts a running store with its data, or another `folder` of it, on a disk of its own that has `spare_mib` left, can be
    filled up and is cleared again. The disk outlives the store, until close()."""

    def __init__(self, stack, store, spare_mib, *options, folder=None):
        self._stack = stack
        self._store = store
        self._options = options
        self.folder = folder or stack.folder / DATA[store]
        stack.store(f"stop-{store}")
        used = sum(file.stat().st_blocks * 512 for file in self.folder.rglob("*"))
        self._as_root = os.geteuid() == 0
        unshare = ["unshare", "--mount"] if self._as_root else ["unshare", "--map-root-user", "--mount"]
        self._keeper = subprocess.Popen([*unshare, "bash", "-c", KEEP_DISK], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=os.environ | {"FOLDER": str(self.folder), "SIZE": str(used + spare_mib * MIB)})
        if self._keeper.stdout.readline() != b"ready\n":
            raise AssertionError("no disk of its own for the store")
        self.start_store()

    def start_store(self):
        """On the disk, where it was or ended by itself."""
        enter = ["nsenter", *([] if self._as_root else ["--user", "--preserve-credentials"]), "--mount", "--target",
                 str(self._keeper.pid)]
        subprocess.run([*enter, SOURCE_DIR / "scripts/servers", f"start-{self._store}", "--small", *self._options,
                        self._stack.folder], check=True)

    def store_runs(self):
        try:
            pid = (self._stack.folder / f"{self._store}.pid").read_text().strip()
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False

    def close(self):
        self._keeper.communicate()

    @property
    def seen_by_store(self):
        """The folder on the disk: under its own path others see what is below."""
        return pathlib.Path(f"/proc/{self._keeper.pid}/root{self.folder}")

    @contextlib.contextmanager
    def full(self):
        """Not a page is left. What the store gives back meanwhile it has."""
        filler = self.seen_by_store / "filler"
        with filler.open("wb", buffering=0) as file:
            fill(file)
        try:
            yield
        finally:
            filler.unlink()

    @contextlib.contextmanager
    def kept_full(self):
        """Not a page is left, nor one of what the store gives back meanwhile. A MariaDB whose tables are on the disk may then end,
        as InnoDB asks for pages to roll back."""
        over = threading.Event()
        filler = self.seen_by_store / "filler"

        def top_up():
            while not over.wait(TOP_UP_PAUSE_S):
                fill(file)

        with filler.open("wb", buffering=0) as file, ThreadPoolExecutor(1) as pool:
            fill(file)
            topping_up = pool.submit(top_up)
            try:
                yield
            finally:
                over.set()
                filler.unlink()
        topping_up.result()


def fill(file):
    for size in (MIB, PAGE):
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(size))


class Operator:
    """Who may do everything at a running MariaDB, on one connection that stays open."""

    def __init__(self, stack):
        self._process = subprocess.Popen(
            ["mariadb", "--no-defaults", "--socket", stack.mysql_socket, "--batch", "--skip-column-names", "--unbuffered",
             "--force"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.run("SELECT 1")

    def run(self, statement):
        """The first columns of its rows. A statement that fails has none."""
        self._process.stdin.write(f"{statement};\n\\! echo '{END}'\n")  # said by the client, even where MariaDB has ended
        self._process.stdin.flush()
        rows = [line.rstrip("\n").split("\t")[0] for line in iter(self._process.stdout.readline, f"{END}\n")]
        if "" in rows:
            raise AssertionError("MariaDB let nobody in")
        return rows

    def end_sessions_of(self, user):
        for session in self.run(f"SELECT id FROM information_schema.processlist WHERE user = '{user}'"):
            self.run(f"KILL {session}")

    def close(self):
        self._process.communicate()


@contextlib.contextmanager
def mariadb_without_connections(stack):
    """Strangers have all of them; the server's own are ended."""
    operator = Operator(stack)
    with contextlib.ExitStack() as strangers:
        try:
            [most] = operator.run("SELECT @@max_connections")
            for _ in range(FEWEST_CONNECTIONS):
                stranger = strangers.enter_context(socket.socket(socket.AF_UNIX))
                stranger.connect(str(stack.mysql_socket))
                stranger.recv(1)  # the greeting: from now on it counts
            operator.run(f"SET GLOBAL max_connections = {FEWEST_CONNECTIONS}")
            operator.end_sessions_of(SERVING_USER)
            yield
        finally:
            operator.run(f"SET GLOBAL max_connections = {most}")
            operator.close()


@contextlib.contextmanager
def redis_without_connections(stack):
    """The one that it lets in is ours; the server's own are ended."""
    redis = Redis(stack.redis_socket)
    _, most = redis.command("CONFIG", "GET", "maxclients")
    try:
        redis.command("CONFIG", "SET", "maxclients", "1")
        end_clients(redis)
        yield
    finally:
        redis.command("CONFIG", "SET", "maxclients", most)
        redis.close()


def end_clients(redis):
    """All others, listeners too."""
    for kind in ("normal", "pubsub"):
        redis.command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")


def end_connections(stack):
    """All that servers have to both stores."""
    redis = Redis(stack.redis_socket)
    operator = Operator(stack)
    end_clients(redis)
    operator.end_sessions_of(SERVING_USER)
    redis.close()
    operator.close()


@contextlib.contextmanager
def read_only_mariadb(stack):
    operator = Operator(stack)
    operator.run("SET GLOBAL read_only = 1")
    try:
        yield
    finally:
        operator.run("SET GLOBAL read_only = 0")
        operator.close()


@contextlib.contextmanager
def without_descriptors(pid):
    """The process keeps what is open, and can open nothing more, not even in place of what it closes."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (STANDARD_STREAMS, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def cpu_seconds(pid):
    """Of all threads of the process, since it began."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
