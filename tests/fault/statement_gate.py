"""A gate in front of MySQL at which a packet of a server can be made to fail: a login, or a statement."""

import collections
import enum
import re

from support.tcp_gate import MYSQL_HEADER, Fault, TcpGate

QUIT = 1
LOGIN = "login"
VALUES = re.compile(rb"x'[0-9a-f]*'|\b\d+\b")

Asked = collections.namedtuple("Asked", "text time")  # the first time, the second … that a text is asked


class Way(enum.Enum):
    DEADLOCK = "1213"
    LOCK_TIMEOUT = "1205"
    ALWAYS_DEADLOCK = "1213, whenever it is asked again"
    TURNED_AWAY = "1203 instead of a session"
    LOST_BEFORE = "the link ends instead of it"
    LOST_AFTER = "the link ends instead of its answer"
    LOST_WITHIN = "the link ends in the middle of its answer"
    LOST_BEHIND = "the link ends behind its answer"
    UNANSWERED = "no answer, nor to anything else on this link"
    SILENCE = "no answer to anybody from then on"
    AWAY = "every link ends, and nobody is let in from then on"


ERRORS = {
    Way.DEADLOCK: (1213, b"#40001Deadlock found when trying to get lock; try restarting transaction"),
    Way.ALWAYS_DEADLOCK: (1213, b"#40001Deadlock found when trying to get lock; try restarting transaction"),
    Way.LOCK_TIMEOUT: (1205, b"#HY000Lock wait timeout exceeded; try restarting transaction"),
    Way.TURNED_AWAY: (1203, b"#42000User zhonglou_serve already has more than 'max_user_connections' active connections"),
}
KEPT_OF_ANSWER = {Way.LOST_AFTER: 0, Way.LOST_WITHIN: 0.5}


def ways_of(asked):
    not_of_it = {Way.DEADLOCK, Way.ALWAYS_DEADLOCK, Way.LOCK_TIMEOUT} if asked.text == LOGIN else {Way.TURNED_AWAY}
    return [way for way in Way if way not in not_of_it]


def text_of(packet):
    """What is asked, without its values; nothing where no answer is wanted."""
    if packet[3] != 0:
        return LOGIN
    if packet[MYSQL_HEADER] == QUIT:
        return None
    return VALUES.sub(b"?", packet[MYSQL_HEADER + 1:]).decode(errors="replace")


def error_packet(asked, code, message):
    body = b"\xff" + code.to_bytes(2, "little") + message
    return len(body).to_bytes(3, "little") + bytes([asked[3] + 1]) + body


class StatementGate(TcpGate):
    """On a unix socket. `asked` is everything that was since fail() or heal(), and `fired` how often it failed."""

    def __init__(self, target, listen):
        super().__init__(target, mysql=True, listen=listen)
        self.path = listen
        self.heal()

    def fail(self, asked, way):
        """It will, the next time that it is asked so."""
        self._call(self._plan(asked, way))

    def heal(self):
        self._call(self._plan(None, None))

    async def _plan(self, asked, way):
        await self._set(Fault.NONE)
        self._planned, self._way = asked, way
        self._times = collections.Counter()
        self._broken = {}  # link: what becomes of what passes there
        self.asked, self.fired = [], 0

    def _fails(self, packet):
        text = text_of(packet)
        if text is None:
            return False
        self._times[text] += 1
        asked = Asked(text, self._times[text])
        self.asked.append(asked)
        again = self._way is Way.ALWAYS_DEADLOCK and self.fired > 0 and text == self._planned.text
        return asked == self._planned or again

    async def _pass(self, link, piece, sink, upward):
        way = self._broken.get(link)
        if way is Way.UNANSWERED:
            return True
        if way is Way.LOST_BEHIND and upward:
            return False
        if way in KEPT_OF_ANSWER and not upward:
            await self._send(sink, piece[:int(len(piece) * KEPT_OF_ANSWER[way])])
            return False
        if upward and self._fails(piece):
            self.fired += 1
            return await self._fail(link, piece, sink)
        return await super()._pass(link, piece, sink, upward)

    async def _fail(self, link, packet, store):
        """Whether the link goes on."""
        way = self._way
        self._broken[link] = way
        if way in ERRORS:
            await self._send(link.client, error_packet(packet, *ERRORS[way]))
            return way is not Way.TURNED_AWAY
        if way is Way.UNANSWERED:
            return True
        if way is Way.AWAY:
            await self._set(Fault.REFUSED)
        if way is Way.SILENCE:
            await self._set(Fault.SILENCE)
            return await super()._pass(link, packet, store, True)
        if way in (Way.AWAY, Way.LOST_BEFORE):
            return False
        await self._send(store, packet)
        if way is Way.LOST_BEHIND:
            store.write_eof()  # the store answers what it has been asked, and ends the link
        return True
