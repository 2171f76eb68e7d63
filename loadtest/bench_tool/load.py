"""Load on a server: zhonglou-closed-loop for what is a rate, zhonglou-rush for what is a rush, and plain sockets for idle connections."""
import contextlib
import json
import pathlib
import socket
import subprocess
import time

from .contenders import RELEASE, Contender
from .machine import Refusal, cpu_seconds, pinned, program, resident_bytes, run
from .stores import Stores

IDLE_CONNECTIONS = 10_000


def closed_loop(core_list: list[int], url: str, connections: int, seconds: int, arguments: list, start: int = 0) -> dict:
    """`start` is how many requests earlier runs have sent: nothing is sent twice."""
    output = run(pinned(core_list, [RELEASE / "zhonglou-closed-loop", "--port", url.rpartition(":")[2],
                                    "--connections", str(connections), "--seconds", str(seconds), "--start", str(start), *arguments]))
    figures = json.loads(output.strip().splitlines()[-1])
    figures["connections"] = connections
    figures["per_s"] = figures["answers"] / figures["seconds"]
    if figures["broken"]:
        raise Refusal(f"{figures['broken']} requests to {url} broke off or timed out")
    return figures


@contextlib.contextmanager
def cpu_metered(figures: dict, pids: dict[str, int]):
    """Adds the microseconds of each process's CPU per answer to the figures, which are filled in meanwhile."""
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    yield
    figures["cpu_us"] = {name: (cpu_seconds(pid) - before[name]) * 1e6 / max(figures["answers"], 1) for name, pid in pids.items()}


def wait_for_rest(pids: dict[str, int], busy: float = 0.02, most_s: int = 20) -> None:
    """Until none of them takes more than that share of a core for a second. A store writes down what earlier loads left it for some
    seconds more, which would count as CPU of the next load."""
    for _ in range(most_s):
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        time.sleep(1)
        if all(cpu_seconds(pid) - before[name] <= busy for name, pid in pids.items()):
            return


def function_call(stores: Stores, programme: str, activity: str, attendee: str, user: str) -> list[str | bytes]:
    """A call of our own reserve function for one wish, as the server makes it; the booking id is made anew each time. Ids are
    bytes and stand on a command line, so none of them may hold a zero."""
    listed = stores.redis("FUNCTION", "LIST", "LIBRARYNAME", "zhonglou_gate_*")
    name = next(word for word in listed.split() if word.startswith("zl_book_"))
    keys = f"zl:{{p:{programme}}}:"
    run_id, epoch = stores.redis("HMGET", f"{keys}gate", "run", "epoch").splitlines()
    activity, attendee, user = (bytes.fromhex(text) for text in (activity, attendee, user))
    return ["FCALL", name, "3", f"{keys}gate", f"{keys}held", f"{keys}seats:".encode() + activity, run_id, epoch, "10000", b"\x01",
            b"t" + activity, "b0000__rand_int__", b"a" + attendee, b"u" + user]


# The first letters of a decision, by gate.lua.
ANSWERS = {"g": "granted", "a": "granted again", "r": "refused", "c": "conflict", "l": "lost"}


def first_answer(stores: Stores, call: list[str | bytes]) -> str:
    command = [program("redis-cli"), "-s", stores.redis_socket]
    command += [word.replace("__rand_int__", "0" * 12) if isinstance(word, str) else word for word in call]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    letter = output[32:33].decode("latin-1")  # after four numbers
    return ANSWERS.get(letter, output.decode(errors="replace").strip())


def redis_benchmark(core_list: list[int], stores: Stores, count: int, call: list[str | bytes]) -> dict:
    first = first_answer(stores, call)
    command = pinned(core_list, [program("redis-benchmark"), "-s", stores.redis_socket, "-c", "50", "-P", "32", "-n", str(count),
                                 "-r", "1000000000", "--csv", *call])
    output = subprocess.run(command, capture_output=True, check=True).stdout
    # The last line is the command, with whatever its bytes are, and seven figures; the first of them is the rate.
    rate = output.decode(errors="replace").rstrip().rsplit(",", 7)[1].strip('"')
    return {"per_s": float(rate), "answers": count, "answer": first}


def ledger_loop(core_list: list[int], stores: Stores, batch: int, seconds: int, activities: pathlib.Path, people: pathlib.Path,
                skip: int) -> dict:
    output = run(pinned(core_list, [RELEASE / "zhonglou-ledger-loop", stores.mysql_socket,
                                    stores.folder / "secrets" / "mysql_serve_password", activities, people, str(skip), str(batch),
                                    str(seconds)]))
    figures = json.loads(output.strip().splitlines()[-1])
    figures["per_s"] = figures["bookings"] / figures["seconds"]
    return figures


def rush(core_list: list[int], url: str, password_file: pathlib.Path, report: pathlib.Path, parents: int, window_s: float) -> dict:
    """A rush with its audit; the figures of zhonglou-rush."""
    report.unlink(missing_ok=True)
    command = pinned(core_list, [RELEASE / "zhonglou-rush", "--url", url, "--parents", str(parents), "--window", str(window_s),
                                 "--opens-in", "4", "--admin-password-file", password_file, "--json", report])
    with contextlib.suppress(Refusal):  # a failed audit is a finding, and stands in the figures
        run(command)
    if not report.exists():
        raise Refusal(f"zhonglou-rush could not be run: {run(command)}")
    return json.loads(report.read_text(encoding="utf-8"))


def idle_connections(server: Contender, request: bytes) -> dict:
    """The memory that a connection keeps which has been served once and waits for more."""
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    open_sockets: list[socket.socket] = []

    def add(count: int) -> int:
        for _ in range(count):
            link = socket.create_connection(address)
            open_sockets.append(link)
            link.sendall(request)
            if not link.recv(4096).startswith(b"HTTP/1.1 "):
                raise Refusal("an idle connection was refused")
        time.sleep(0.5)  # what the server does after its answer
        return resident_bytes(server.pid)

    try:
        warm = add(500)
        bytes_each = (add(IDLE_CONNECTIONS) - warm) / IDLE_CONNECTIONS
    finally:
        for link in open_sockets:
            link.close()
    return {"kib": bytes_each / 1024}
