"""The gate's seats, read from Redis. The only place that knows the keys and how Redis is spoken to."""
from __future__ import annotations

import pathlib
import socket
import struct
from collections.abc import Iterable

from .snapshot import Activity, GateCount

TIMEOUT_S = 20
TALLY = ">6d"  # of an activity: change, used, capacity and more


class RedisFault(Exception):
    """Redis gave no answer, or an error."""


class Redis:
    """One connection, one command at a time."""

    def __init__(self, path: pathlib.Path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(TIMEOUT_S)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            raise RedisFault(f"{path}: {error}") from error
        self._stream = self._socket.makefile("rb")

    def command(self, *words: str | bytes):
        """The answer; texts as bytes."""
        parts = [word.encode() if isinstance(word, str) else word for word in words]
        self._socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        return self._reply()

    def _reply(self):
        line = self._stream.readline()
        if not line.endswith(b"\r\n"):
            raise RedisFault("the connection ended")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisFault(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest
        size = int(rest)
        if size < 0:
            return None
        if kind == b"$":
            return self._stream.read(size + 2)[:-2]
        return [self._reply() for _ in range(size)]

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


def read_gate(redis: Redis, activities: Iterable[Activity]) -> dict[str, GateCount]:
    """Seats by activity; without those that the gate doesn't know."""
    counts = {}
    for activity in activities:
        tag, name = f"zl:{{p:{activity.programme}}}".encode(), bytes.fromhex(activity.id)
        tally = redis.command("HGET", tag + b":gate", b"t" + name)
        if tally is None:
            continue
        _, used, capacity, *_ = struct.unpack_from(TALLY, tally)
        members = redis.command("ZRANGE", tag + b":seats:" + name, "0", "-1", "WITHSCORES")
        holders = {member[1:].hex(): score == b"inf" for member, score in zip(members[::2], members[1::2])}
        counts[activity.id] = GateCount(int(used), int(capacity), holders)
    return counts
