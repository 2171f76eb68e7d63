"""Access tokens as the platform keeps them: two families that leave each other alone, each with its own way to age."""
import secrets

from .faults import Fault

LIFETIME_S = 7200
OVERLAP_S = 300
FORCED_PER_DAY = 20
FORCED_APART_S = 30


def new_token() -> str:
    return f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(96)}"


class Tokens:
    """`now` gives seconds. All tokens that are valid stand in `valid_until`."""

    def __init__(self, now):
        self._now = now
        self.valid_until: dict[str, float] = {}
        self._classic: str | None = None
        self._stable: str | None = None
        self._forced_at: list[float] = []

    def left(self, token: str | None) -> int:
        return max(0, int(self.valid_until.get(token, 0) - self._now()))

    def _make(self) -> str:
        token = new_token()
        self.valid_until[token] = self._now() + LIFETIME_S
        return token

    def classic(self) -> dict:
        """cgi-bin/token: each call makes a new one, and the last one lives five minutes more."""
        if self._classic in self.valid_until:
            self.valid_until[self._classic] = min(self.valid_until[self._classic], self._now() + OVERLAP_S)
        self._classic = self._make()
        return {"access_token": self._classic, "expires_in": LIFETIME_S}

    def stable(self, force: bool) -> dict:
        """cgi-bin/stable_token: the same one until its last five minutes, then a new one beside it. Forced, a new one at
        once and the old one dead, twenty times a day and no sooner than 30 s after the last."""
        now = self._now()
        if force and self._may_force(now):
            self._forced_at.append(now)
            self.valid_until.pop(self._stable, None)
            self._stable = self._make()
        elif self.left(self._stable) < OVERLAP_S:
            self._stable = self._make()
        return {"access_token": self._stable, "expires_in": self.left(self._stable)}

    def _may_force(self, now: float) -> bool:
        self._forced_at = [at for at in self._forced_at if now - at < 86_400]
        if len(self._forced_at) >= FORCED_PER_DAY:
            raise Fault(45009)
        return not self._forced_at or now - self._forced_at[-1] >= FORCED_APART_S

    def kill_all(self) -> None:
        """As if the secret had been changed by hand."""
        self.valid_until.clear()

    def check(self, token: str) -> None:
        if token not in self.valid_until:
            raise Fault(40001)
        if not self.left(token):
            raise Fault(42001)
