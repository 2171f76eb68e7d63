"""A gate on the way from a server to a store: lets everything pass, until it is told how to break it. Listens on a free TCP
port of this host, or on a unix socket; the store may be either too."""

import asyncio
import collections
import concurrent.futures
import contextlib
import dataclasses
import enum
import socket
import struct
import threading

CHUNK = 65_536
MYSQL_HEADER = 4  # length in three bytes, number of the packet
MYSQL_QUERY = 3
START_TIMEOUT_S = 20


class Fault(enum.Enum):
    NONE = "nothing"
    SILENCE = "no answer"  # in neither direction anything passes; what was sent arrives when it is healed, as with TCP
    REQUESTS_HELD = "requests do not arrive"
    ANSWERS_HELD = "answers do not arrive"
    DELAY = "delay"
    TRICKLE = "slow trickle"
    HALF_REPLY = "half a reply, then reset"
    HALF_REPLY_AND_SILENCE = "half a reply, then nothing"
    REFUSED = "connections reset, and none let in"
    RESET_BEFORE_COMMIT = "reset instead of COMMIT"
    RESET_AFTER_COMMIT = "reset after COMMIT was sent"
    AWAY_AFTER_COMMIT = "reset after COMMIT was sent, and nobody let in from then on"
    COMMIT_UNANSWERED = "no answer to COMMIT, nor to what follows it"


RESET_AT_COMMIT = {Fault.RESET_BEFORE_COMMIT, Fault.RESET_AFTER_COMMIT, Fault.AWAY_AFTER_COMMIT}
AT_COMMIT = RESET_AT_COMMIT | {Fault.COMMIT_UNANSWERED}


@dataclasses.dataclass
class Pace:
    """How slow DELAY and TRICKLE are."""

    delay_s: float = 0.15
    trickle_bytes: int = 16
    trickle_pause_s: float = 0.005


class Packets:
    """Cuts the client's stream of the MySQL protocol into whole packets."""

    def __init__(self):
        self._rest = b""

    def cut(self, data):
        self._rest += data
        while len(self._rest) >= MYSQL_HEADER:
            size = MYSQL_HEADER + int.from_bytes(self._rest[:3], "little")
            if len(self._rest) < size:
                return
            packet, self._rest = self._rest[:size], self._rest[size:]
            yield packet


def is_commit(packet):
    """Whether a packet asks to commit, alone or behind other statements."""
    if len(packet) <= MYSQL_HEADER or packet[MYSQL_HEADER] != MYSQL_QUERY:
        return False
    return packet[MYSQL_HEADER + 1:].rstrip(b" ;\n").upper().endswith(b"COMMIT")


class TcpGate:
    """One store's gate. `target` is a path, or a host and port; so is `listen`, which by default is a free port.
    `hits` counts, by fault, what it was done to."""

    def __init__(self, target, mysql=False, listen=("127.0.0.1", 0), pace=Pace()):
        self._target = target
        self._mysql = mysql
        self._listen = listen
        self._pace = pace
        self._fault = Fault.NONE
        self._refusing = False
        self._links = set()
        self._healed = None
        self.hits = collections.Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._call(self._start())

    @property
    def port(self):
        return self._server.sockets[0].getsockname()[1]

    def break_with(self, fault):
        """From now on, for links that are there and for new ones, until heal()."""
        self._call(self._set(fault))

    def heal(self):
        self._call(self._set(Fault.NONE))

    @contextlib.contextmanager
    def broken(self, fault):
        self.break_with(fault)
        try:
            yield
        finally:
            self.heal()

    def close(self):
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine):
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(START_TIMEOUT_S)
        except concurrent.futures.TimeoutError:
            future.cancel()
            raise

    async def _start(self):
        self._healed = asyncio.Event()
        self._healed.set()
        if isinstance(self._listen, tuple):
            return await asyncio.start_server(self._let_in, *self._listen)
        return await asyncio.start_unix_server(self._let_in, str(self._listen))

    async def _stop(self):
        self._server.close()
        links = list(self._links)
        for link in links:
            link.reset()
        while self._links:
            await asyncio.sleep(0.01)

    async def _set(self, fault):
        # Who waits for the last fault to end goes on, though another follows.
        self._healed.set()
        self._healed = asyncio.Event()
        self._fault = fault
        self._refusing = fault is Fault.REFUSED
        if fault is Fault.NONE:
            self._healed.set()
        if self._refusing:
            for link in list(self._links):
                self.hits[fault] += 1
                link.reset()

    async def _let_in(self, reader, writer):
        link = Link(writer)
        self._links.add(link)
        try:
            if self._refusing:
                self.hits[self._fault] += 1
                return
            store_reader, link.store = await self._connect()
            upward = asyncio.create_task(self._pump(link, reader, link.store, True))
            downward = asyncio.create_task(self._pump(link, store_reader, writer, False))
            await asyncio.wait({upward, downward}, return_when=asyncio.FIRST_COMPLETED)
            upward.cancel()
            downward.cancel()
            await asyncio.gather(upward, downward, return_exceptions=True)
        except OSError:
            pass  # the store is away, and so is then the gate
        finally:
            link.reset()
            self._links.discard(link)

    async def _connect(self):
        if isinstance(self._target, tuple):
            return await asyncio.open_connection(*self._target)
        return await asyncio.open_unix_connection(str(self._target))

    async def _pump(self, link, source, sink, upward):
        """Until one side ends, or the link is reset."""
        packets = Packets()
        while data := await source.read(CHUNK):
            for piece in packets.cut(data) if upward and self._mysql else [data]:
                if not await self._pass(link, piece, sink, upward):
                    return

    async def _pass(self, link, piece, sink, upward):
        """Whether the link goes on."""
        while self._holds(link, upward):
            self.hits[self._fault] += 1
            await self._healed.wait()
        fault = self._fault
        if fault is Fault.DELAY:
            self.hits[fault] += 1
            await asyncio.sleep(self._pace.delay_s)
        elif fault is Fault.TRICKLE:
            self.hits[fault] += 1
            return await self._trickle(piece, sink)
        elif fault in (Fault.HALF_REPLY, Fault.HALF_REPLY_AND_SILENCE) and not upward and len(piece) > 1:
            self.hits[fault] += 1
            return await self._halve(piece, sink, fault)
        elif fault is Fault.COMMIT_UNANSWERED and upward and is_commit(piece):
            self.hits[fault] += 1
            link.unheard = True
        elif fault in RESET_AT_COMMIT and upward and is_commit(piece):
            self.hits[fault] += 1
            self._refusing = fault is Fault.AWAY_AFTER_COMMIT
            if fault is not Fault.RESET_BEFORE_COMMIT:
                await self._send(sink, piece)
                link.reset_client()
                # The store has read it by the time it answers; nobody hears the answer.
                await asyncio.sleep(self._pace.delay_s)
            return False
        return await self._send(sink, piece)

    def _holds(self, link, upward):
        return (self._fault is Fault.SILENCE or self._fault is (Fault.REQUESTS_HELD if upward else Fault.ANSWERS_HELD)
                or self._fault is Fault.COMMIT_UNANSWERED and link.unheard and not upward)

    async def _trickle(self, piece, sink):
        for at in range(0, len(piece), self._pace.trickle_bytes):
            if not await self._send(sink, piece[at:at + self._pace.trickle_bytes]):
                return False
            if self._fault is Fault.TRICKLE:
                await asyncio.sleep(self._pace.trickle_pause_s)
        return True

    async def _halve(self, piece, sink, fault):
        await self._send(sink, piece[:len(piece) // 2])
        if fault is Fault.HALF_REPLY:
            return False
        await self._healed.wait()
        return await self._send(sink, piece[len(piece) // 2:])

    @staticmethod
    async def _send(sink, data):
        try:
            sink.write(data)
            await sink.drain()
        except OSError:
            return False
        return True


class Link:
    """One connection of the server, and the one to the store that it stands for."""

    def __init__(self, client):
        self.client = client
        self.store = None
        self.unheard = False  # what the store answers is kept while COMMIT_UNANSWERED lasts

    def reset_client(self):
        """The server sees a reset instead of an end where the socket knows one (TCP)."""
        connection = self.client.get_extra_info("socket")
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.client.transport.abort()

    def reset(self):
        self.reset_client()
        if self.store is not None:
            self.store.transport.abort()
