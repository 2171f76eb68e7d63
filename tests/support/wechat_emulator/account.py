"""The service account on the platform's side: its people, logins, messages, codes and quotas. Pure: no sockets, and the
clock is given."""
import base64
import collections
import re
import secrets
from dataclasses import dataclass, field

from .faults import Fault
from .scenes import Scenes
from .tokens import Tokens

CODE_LIFETIME_S = 300
DEDUP_S = 600
DAY_S = 86_400
PLATFORM_OFFSET_S = 8 * 3600
THING_LENGTH_MAX = 20
USER_TOKEN_LIFETIME_S = 7200

QUOTAS = {  # path: (per minute, per day); None is no limit
    "/cgi-bin/stable_token": (10_000, 500_000),
    "/cgi-bin/token": (None, 2_000),
    "/sns/oauth2/access_token": (50_000, None),
    "/cgi-bin/message/template/send": (None, 100_000),
    "/cgi-bin/message/subscribe/bizsend": (None, 100_000),
    "/cgi-bin/ticket/getticket": (None, 100_000),
}


@dataclass
class Person:
    openid: str
    unionid: str = ""
    nickname: str = "家长"
    following: bool = True
    blocking: bool = False  # follows, and lets no message through
    consents: collections.Counter = field(default_factory=collections.Counter)  # template id: notices left


@dataclass
class Settings:
    appid: str = "wxba5fad812f8e6fb9"
    secret: str = "0123456789abcdef0123456789abcdef"
    original_id: str = "gh_97417a04a28d"
    redirect_host: str = ""  # with its port; empty allows any
    templates: tuple[str, ...] = ("TEMPLATE",)
    notices: tuple[str, ...] = ("NOTICE",)
    permanent_scenes: int = 100_000


class Account:
    def __init__(self, settings: Settings, now):
        self.settings = settings
        self._now = now
        self.tokens = Tokens(now)
        self.people: dict[str, Person] = {}
        self.quotas = dict(QUOTAS)
        self.planned_faults: dict[str, collections.deque] = collections.defaultdict(collections.deque)
        self.requests: collections.Counter = collections.Counter()
        self.sent: list[dict] = []
        self.menu: dict | None = None
        self.scene_codes = Scenes(now, settings.permanent_scenes)
        self.standing_faults: dict[str, int] = {}  # path: errcode, until it is taken away
        self.restricted_templates: set[str] = set()
        self.sensitive_words: set[str] = set()
        self._sending: set[str] = set()  # openids
        self._user_tokens: dict[str, tuple[str, str, float]] = {}  # token: openid, scope, until
        self._codes: dict[str, dict] = {}
        self.login_secrets: dict[str, str] = {}  # name in the platform's answer: what the last login brought under it
        self._used: dict[tuple, int] = {}  # (path, minute or day): calls
        self._by_client_id: dict[str, tuple[float, str]] = {}
        self._ticket = ("", 0.0)
        # Beyond 2^53, as the platform's own.
        self._next_message = 3_557_254_367_693_750_000 + secrets.randbelow(1000)

    @property
    def scenes(self) -> dict[str, str]:
        """Ticket: scene."""
        return {ticket: code.scene for ticket, code in self.scene_codes.codes.items()}

    # ---- quotas and credentials ----

    def count(self, path: str) -> None:
        """Counts a call; raises what the test has planned for it, or its quota."""
        self.requests[path] += 1
        if self.planned_faults[path]:
            raise Fault(self.planned_faults[path].popleft())
        if path in self.standing_faults:
            raise Fault(self.standing_faults[path])
        now = int(self._now())
        periods = (("minute", now // 60, 45011), ("day", (now + PLATFORM_OFFSET_S) // DAY_S, 45009))
        for limit, (name, number, errcode) in zip(self.quotas.get(path, (None, None)), periods):
            if limit is None:
                continue
            used = self._used.get((path, name, number), 0) + 1
            self._used[path, name, number] = used
            if used > limit:
                raise Fault(errcode)

    def check_secret(self, appid: str, secret: str) -> None:
        if not appid:
            raise Fault(41002)
        if not secret:
            raise Fault(41004)
        if appid != self.settings.appid:
            raise Fault(40013)
        if secret != self.settings.secret:
            raise Fault(40125)

    def ticket(self) -> dict:
        ticket, until = self._ticket
        if until - self._now() <= 0:
            ticket, until = self._ticket = secrets.token_urlsafe(64), self._now() + 7200
        return {"errcode": 0, "errmsg": "ok", "ticket": ticket, "expires_in": int(until - self._now())}

    # ---- logins ----

    def new_code(self, openid: str, scope: str = "snsapi_base", snapshot: bool = False, mini: bool = False) -> str:
        code = secrets.token_urlsafe(24)
        self._codes[code] = {"openid": openid, "scope": scope, "snapshot": snapshot, "mini": mini, "used": False,
                             "until": self._now() + CODE_LIFETIME_S}
        return code

    def _take_code(self, code: str, mini: bool) -> dict:
        if not code:
            raise Fault(41008)
        entry = self._codes.get(code)
        if entry is None or entry["mini"] != mini:
            raise Fault(40029)
        if entry["used"]:
            raise Fault(40163)
        if self._now() >= entry["until"]:
            raise Fault(40029)
        entry["used"] = True
        return entry

    def exchange_web_code(self, code: str) -> dict:
        entry = self._take_code(code, mini=False)
        # Who looks at a snapshot has an openid of no person.
        person = Person(entry["openid"]) if entry["snapshot"] else self.person(entry["openid"])
        token = secrets.token_urlsafe(64)
        self._user_tokens[token] = (person.openid, entry["scope"], self._now() + USER_TOKEN_LIFETIME_S)
        self.login_secrets |= {"access_token": token, "refresh_token": secrets.token_urlsafe(64)}
        answer = {"access_token": token, "expires_in": USER_TOKEN_LIFETIME_S,
                  "refresh_token": self.login_secrets["refresh_token"], "openid": person.openid, "scope": entry["scope"]}
        if entry["scope"] == "snsapi_userinfo" and person.unionid:
            answer["unionid"] = person.unionid
        if entry["snapshot"]:
            answer["is_snapshotuser"] = 1
        return answer

    def profile(self, token: str, openid: str) -> dict:
        owner, scope, until = self._user_tokens.get(token, ("", "", 0))
        if not owner:
            raise Fault(40001)
        if self._now() >= until:
            raise Fault(42001)
        if scope != "snsapi_userinfo":
            raise Fault(48001)
        if openid != owner:
            raise Fault(40003)
        person = self.people.get(openid, Person(openid))
        answer = {"openid": openid, "nickname": person.nickname, "sex": 0, "language": "", "city": "", "province": "",
                  "country": "", "headimgurl": "", "privilege": []}
        return answer | ({"unionid": person.unionid} if person.unionid else {})

    def exchange_mini_code(self, code: str) -> dict:
        person = self.person(self._take_code(code, mini=True)["openid"])
        self.login_secrets["session_key"] = base64.b64encode(secrets.token_bytes(16)).decode()
        answer = {"openid": person.openid, "session_key": self.login_secrets["session_key"]}
        return answer | ({"unionid": person.unionid} if person.unionid else {})

    def person(self, openid: str) -> Person:
        if openid not in self.people:
            raise Fault(40003)
        return self.people[openid]

    # ---- messages ----

    def begin_sending(self, openid: str) -> None:
        """Until end_sending, for calls that overlap: the platform takes one at a time for each person."""
        if openid in self._sending:
            raise Fault(43108)
        self._sending.add(openid)

    def end_sending(self, openid: str) -> None:
        self._sending.discard(openid)

    def send_template(self, body: dict) -> tuple[dict, bool]:
        """The answer, and whether this is a new message. A client_msg_id seen within ten minutes gives the first
        message's answer again and sends nothing."""
        person = self.person(body.get("touser", ""))
        if body.get("template_id") not in self.settings.templates:
            raise Fault(40037)
        self._check_restrictions(body)
        if not person.following:
            raise Fault(43004)
        self._check_data(body.get("data"))
        client_id = body.get("client_msg_id", "")
        at, message_id = self._by_client_id.get(client_id, (0.0, ""))
        if client_id and message_id and self._now() - at < DEDUP_S:
            return {"errcode": 0, "errmsg": "ok", "msgid": int(message_id)}, False
        message_id = self._keep("template", body)
        if client_id:
            self._by_client_id[client_id] = (self._now(), message_id)
        return {"errcode": 0, "errmsg": "ok", "msgid": int(message_id)}, True

    def send_notice(self, body: dict) -> tuple[dict, str]:
        """The answer and the message's id. One consent is one notice; followers or not."""
        person = self.person(body.get("touser", ""))
        template = body.get("template_id")
        if template not in self.settings.notices:
            raise Fault(40037)
        self._check_restrictions(body)
        self._check_data(body.get("data"))
        if person.consents[template] <= 0:
            raise Fault(43101)
        person.consents[template] -= 1
        return {"errcode": 0, "errmsg": "ok"}, self._keep("notice", body)

    def _check_restrictions(self, body: dict) -> None:
        if body["template_id"] in self.restricted_templates:
            raise Fault(43116)
        if any(word in str(body.get("data")) for word in self.sensitive_words):
            raise Fault(45168)

    def _keep(self, kind: str, body: dict) -> str:
        self._next_message += 1
        self.sent.append({"kind": kind, "msgid": str(self._next_message)} | body)
        return str(self._next_message)

    @staticmethod
    def _check_data(data) -> None:
        if not isinstance(data, dict) or not data:
            raise Fault(47003)
        for name, entry in data.items():
            value = entry.get("value") if isinstance(entry, dict) else None
            if not isinstance(value, str) or not value.strip():
                raise Fault(47003, f" {name}.DATA value is emtpy")
            too_long = name.startswith("thing") and len(value) > THING_LENGTH_MAX
            if too_long or re.search(r"[\x00-\x1f]", value):
                raise Fault(47003, f" {name}.DATA is invalid")
