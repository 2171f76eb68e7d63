"""Parents who press while things break, drawn from a seed: they book, press again with the same key (also as long as it is too
early), press with two hands at once, lose patience, cancel and book anew, and record everything."""
from __future__ import annotations

import asyncio
import dataclasses
import random
import threading
from collections.abc import Awaitable, Callable, Sequence

from . import wire
from .history import Recorder
from .refill import answer_facts

LOGIN_TIMEOUT_S = 60
CALM_TIMEOUT_S = 10
HEALED_POLL_S = 0.05
PAUSE_S = (0.005, 0.06)
PATIENCE_S = (0.2, 4.0)  # a request's; some give up while the server is still at it

# How often they do what, of a hundred presses.
TWO_HANDS = 15
WALK_AWAY = 10  # after the first request that told nothing, for good
PRESS_AGAIN = 15  # though they know of their booking
CANCEL = 35
SECOND_KEY = 10  # for a seat that they have


@dataclasses.dataclass
class Family:
    openid: str
    children: list[tuple[str, str]]  # name, birth date
    user: str = ""
    token: str = ""
    attendees: list[str] = dataclasses.field(default_factory=list)


class Parents:
    """A crowd that presses for these activities. `where()` gives the addresses that may answer now."""

    def __init__(self, seed: str, families: int, activities: Sequence[str], where: Callable[[], list[str]], recorder: Recorder,
                 birth_date: str = "2016-05-05", walk_away: int = WALK_AWAY):
        self._random = random.Random(f"parents {seed}")
        self._activities = list(activities)
        self._where = where
        self._recorder = recorder
        self._resting = asyncio.Event()
        self.walk_away = walk_away
        name = seed.replace(".", "-")
        self.families = [Family(f"parent-{name}-{number}", [(f"Child {n}", birth_date) for n in range(1 + number % 2)])
                         for number in range(families)]

    async def log_in(self) -> None:
        """Before anything breaks. Raises where somebody can't."""
        await asyncio.gather(*[self._log_in(family) for family in self.families])

    async def press(self, seconds: float, healed: threading.Event) -> None:
        """They press for so long; then everybody who still waits for a last word presses on, until some time after
        `healed`."""
        await self.press_until(asyncio.sleep(seconds), healed)

    async def press_until(self, enough: Awaitable[object], healed: threading.Event) -> None:
        """The same until `enough` is over."""
        tasks = [asyncio.create_task(Parent(self, family, self._random.getrandbits(64)).live()) for family in self.families]
        await enough
        self._resting.set()
        while not healed.is_set():
            await asyncio.sleep(HEALED_POLL_S)
        done, late = await asyncio.wait(tasks, timeout=CALM_TIMEOUT_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for task in done:
            task.result()

    @property
    def resting(self) -> bool:
        return self._resting.is_set()

    async def _log_in(self, family: Family) -> None:
        link = wire.Link()
        url = self._where()[0]

        async def call(method: str, path: str, body: dict) -> dict:
            answer = await link.call(url, method, path, family.token or None, body, timeout_s=LOGIN_TIMEOUT_S)
            if answer.status not in (200, 201):
                raise RuntimeError(f"{method} {path} was answered {answer.status} {answer.json}")
            return answer.json

        login = await call("POST", "/login/dev", {"openid": family.openid, "nickname": family.openid[:20]})
        family.token, family.user = login["token"], login["user"]["id"]
        for name, birth_date in family.children:
            child = {"name": name, "birth_date": birth_date, "relation": "parent"}
            family.attendees.append((await call("POST", "/me/attendees", child))["id"])
        link.close()

    async def request(self, link: wire.Link, family: Family, kind: str, timeout_s: float, choice: random.Random,
                      **facts) -> wire.Answer | None:
        """One recorded request to one of the servers; nothing where the client does not learn what became of it."""
        url = choice.choice(self._where())
        number = self._recorder.invoked(kind, family.user, url, **facts)
        try:
            if kind == "book":
                answer = await link.call(url, "POST", f"/activities/{facts['activity']}/bookings", family.token,
                                         {"attendee_id": facts["attendee"]}, facts["key"], timeout_s)
            else:
                answer = await link.call(url, "DELETE", f"/bookings/{facts['booking']}", family.token, timeout_s=timeout_s)
        except wire.NotSent:
            self._recorder.ended(number, "not_sent")
        except wire.Lost:
            self._recorder.ended(number, "connection_lost")
        except TimeoutError:
            self._recorder.ended(number, "timed_out")
        else:
            self._recorder.ended(number, "answered", **answer_facts(answer.status, answer.headers, answer.json))
            return answer
        return None

    @property
    def activities(self) -> list[str]:
        return self._activities


class Parent:
    """One family at its phone."""

    def __init__(self, crowd: Parents, family: Family, seed: int):
        self._crowd = crowd
        self._family = family
        self._choice = random.Random(seed)
        self._links = [wire.Link(), wire.Link()]
        self._keys = 0
        self._held: dict[str, dict] = {}  # by booking id: what it was asked with

    async def live(self) -> None:
        try:
            while not self._crowd.resting:
                await self._press_for_something()
                if self._held and self._often(CANCEL):
                    await self._cancel(self._choice.choice(sorted(self._held)))
                await self._pause()
        finally:
            for link in self._links:
                link.close()

    def _often(self, percent: int) -> bool:
        return self._choice.randrange(100) < percent

    async def _press_for_something(self) -> None:
        if self._held and self._often(PRESS_AGAIN):
            wish = self._held[self._choice.choice(sorted(self._held))]
            if self._often(SECOND_KEY):
                wish = wish | {"key": self._new_key()}
        else:
            wish = {"activity": self._choice.choice(self._crowd.activities), "key": self._new_key(),
                    "attendee": self._choice.choice(self._family.attendees)}
        walks_away = self._often(self._crowd.walk_away)
        while True:
            answers = await self._press(wish)
            booked = [answer.json["id"] for answer in answers if answer is not None and answer.status in (200, 201)
                      and answer.json["state"] != "cancelled"]
            if booked:
                self._held[booked[0]] = wish
            last_word = any(answer is not None and "retry-after" not in answer.headers for answer in answers)
            too_early = any(answer is not None and answer.json.get("code") == "not_open" for answer in answers)
            if walks_away or (last_word and (self._crowd.resting or not too_early)):
                return
            await self._pause()

    async def _press(self, wish: dict) -> list[wire.Answer | None]:
        hands = self._links if self._often(TWO_HANDS) else self._links[:1]
        return await asyncio.gather(*[self._request(link, "book", **wish) for link in hands])

    async def _cancel(self, booking: str) -> None:
        wish = self._held.pop(booking)
        walks_away = self._often(self._crowd.walk_away)
        while True:
            answer = await self._request(self._links[0], "cancel", booking=booking)
            if answer is not None and answer.status == 409:
                self._held[booking] = wish
            if walks_away or (answer is not None and "retry-after" not in answer.headers):
                return
            await self._pause()

    def _request(self, link: wire.Link, kind: str, **facts):
        return self._crowd.request(link, self._family, kind, self._choice.uniform(*PATIENCE_S), self._choice, **facts)

    def _new_key(self) -> str:
        self._keys += 1
        return f"{self._family.user[:12]}-{self._keys}"

    async def _pause(self) -> None:
        await asyncio.sleep(self._choice.uniform(*PAUSE_S))
