"""QR codes with scenes: temporary ones that lapse, and permanent ones, of which an account has only so many."""
import pathlib
import secrets
from dataclasses import dataclass

from .faults import Fault

NAME_MAX = 64
LIFETIME_MAX_S = 2_592_000
LIFETIME_USUAL_S = 60
NUMBER_MAX = 2**32 - 1
PERMANENT_NUMBER_MAX = 100_000
ACTIONS = {  # name: (permanent, by a text)
    "QR_SCENE": (False, False),
    "QR_STR_SCENE": (False, True),
    "QR_LIMIT_SCENE": (True, False),
    "QR_LIMIT_STR_SCENE": (True, True),
}


@dataclass
class Code:
    ticket: str
    scene: str
    until: float | None  # none: permanent


class Scenes:
    """`now` gives seconds. Each permanent code counts, also the second one of a scene."""

    def __init__(self, now, permanent_max: int):
        self._now = now
        self._permanent_max = permanent_max
        self._file: pathlib.Path | None = None
        self.codes: dict[str, Code] = {}  # by ticket

    def keep_in(self, file: pathlib.Path) -> None:
        """Permanent codes outlive the emulator there, as they are printed to be hung up."""
        self._file = file
        for line in file.read_text().splitlines() if file.exists() else ():
            ticket, scene = line.split(" ", 1)
            self.codes[ticket] = Code(ticket, scene, None)

    def create(self, body: dict, base_url: str) -> dict:
        if body.get("action_name") not in ACTIONS:
            raise Fault(40052)
        permanent, by_text = ACTIONS[body["action_name"]]
        scene = self._scene_of(body, by_text, PERMANENT_NUMBER_MAX if permanent else NUMBER_MAX)
        lifetime_s = body.get("expire_seconds", LIFETIME_USUAL_S)
        if not permanent and (type(lifetime_s) is not int or not 1 <= lifetime_s <= LIFETIME_MAX_S):
            raise Fault(40097)
        if permanent and sum(code.until is None for code in self.codes.values()) >= self._permanent_max:
            raise Fault(45029)
        ticket = secrets.token_urlsafe(60)
        self.codes[ticket] = Code(ticket, scene, None if permanent else self._now() + lifetime_s)
        if permanent and self._file:
            with self._file.open("a") as file:
                file.write(f"{ticket} {scene}\n")
        answer = {"ticket": ticket, "url": f"{base_url}/q/{ticket}"}
        return answer if permanent else answer | {"expire_seconds": lifetime_s}

    def valid(self, ticket: str) -> Code | None:
        code = self.codes.get(ticket)
        return code if code and (code.until is None or self._now() < code.until) else None

    @staticmethod
    def _scene_of(body: dict, by_text: bool, number_max: int) -> str:
        info = body.get("action_info")
        scene = info.get("scene") if isinstance(info, dict) else None
        value = scene.get("scene_str" if by_text else "scene_id") if isinstance(scene, dict) else None
        good = (isinstance(value, str) and 1 <= len(value) <= NAME_MAX) if by_text \
            else (type(value) is int and 1 <= value <= number_max)
        if not good:
            raise Fault(40053)
        return str(value)
