"""The emulator's HTTP side: the platform's calls under their own paths, and under /emulator/ what a test or a person does
on the platform's side: people, consents, scans, the clock, planned faults.

    with Emulator() as platform:                     # or: python3 -m support.wechat_emulator
        platform.add_person("o1")
        platform.call("code", {"openid": "o1"})      # the same over HTTP: POST /emulator/code
"""
import collections
import email.utils
import http.server
import json
import secrets
import threading
import time
import urllib.parse

from . import authorize, console
from .account import Account, Person, Settings
from .api import Api
from .faults import Fault
from .pushes import Pusher, cdata, event_xml, text_xml

RECEIPTS = ("after", "before", "never")
TALK_MAX = 50  # lines kept of what was said with each person
UNANSWERED = "该公众号暂时无法提供服务，请稍后再试"


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024  # hundreds of callers at once


class Emulator:
    """`receipts` says when the receipt of a sent message is pushed: after the answer to the call, before it, or never."""

    def __init__(self, port: int = 0, settings: Settings | None = None, receipts: str = "after", clock=time.time):
        if receipts not in RECEIPTS:
            raise ValueError(f"receipts come {RECEIPTS}")
        self._clock = clock
        self.ahead_s = 0.0  # of the clock
        self.receipts = receipts
        self.pusher: Pusher | None = None
        self.pushed: list[list] = []  # the deliveries of each push
        self.visitor: str | None = None  # who is logged into the emulated app, for the silent authorization
        self.home = ""  # the address of the account's pages, for the console
        self.talk = collections.defaultdict(lambda: collections.deque(maxlen=TALK_MAX))  # openid: (who, text)
        self.lock = threading.RLock()
        self.account = Account(settings or Settings(), self.now)
        self._background: list[threading.Thread] = []
        self._server = _Server(("127.0.0.1", port), _handler_of(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def now(self) -> float:
        return self._clock() + self.ahead_s

    def serve_forever(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self.settle()

    def settle(self) -> None:
        """Waits for the pushes in the background."""
        while self._background:
            self._background.pop().join()

    # ---- what happens on the platform's side; each is POST /emulator/<name> with the arguments as JSON ----

    def add_person(self, openid: str, unionid: str = "", nickname: str = "家长", following: bool = True) -> dict:
        with self.lock:
            self.account.people[openid] = Person(openid, unionid, nickname, following)
        return {}

    def code(self, openid: str, scope: str = "snsapi_base", snapshot: bool = False, mini: bool = False) -> dict:
        with self.lock:
            return {"code": self.account.new_code(openid, scope, snapshot, mini)}

    def visit_as(self, openid: str | None) -> dict:
        self.visitor = openid
        return {}

    def advance(self, seconds: float) -> dict:
        with self.lock:
            self.ahead_s += seconds
        return {}

    def set_home(self, url: str) -> dict:
        self.home = url
        return {}

    def kill_tokens(self) -> dict:
        with self.lock:
            self.account.tokens.kill_all()
        return {}

    def stand_fault(self, path: str, errcode: int | None) -> dict:
        """Every call of the path fails so, until none is given."""
        with self.lock:
            if errcode is None:
                self.account.standing_faults.pop(path, None)
            else:
                self.account.standing_faults[path] = errcode
        return {}

    def plan_faults(self, path: str, errcodes: list) -> dict:
        with self.lock:
            self.account.planned_faults[path].extend(errcodes)
        return {}

    def set_quota(self, path: str, per_minute: int | None = None, per_day: int | None = None) -> dict:
        with self.lock:
            self.account.quotas[path] = (per_minute, per_day)
        return {}

    def restrict_template(self, template_id: str) -> dict:
        """The platform has taken offence at a template: of either family, from now on."""
        with self.lock:
            self.account.restricted_templates.add(template_id)
        return {}

    def forbid_words(self, words: list) -> dict:
        """What no field of a message may hold from now on."""
        with self.lock:
            self.account.sensitive_words = set(words)
        return {}

    def push_to(self, url: str, token: str, encoding_aes_key: str = "", **options) -> dict:
        """Where pushes go from now on; the answer says whether the address passed the platform's check."""
        pusher = Pusher(url, token, encoding_aes_key, self.account.settings.appid, **options)
        checked = pusher.check_url()
        if checked:
            self.pusher = pusher
        return {"checked": checked}

    def say(self, openid: str, text: str) -> dict:
        message_id = str(3_557_254_367_693_000_000 + secrets.randbelow(10**6))
        self.note(openid, "me", text)
        xml = text_xml(self.account.settings.original_id, openid, int(self.now()), text, message_id)
        return self._push(openid, xml, by_person=True)

    def event(self, openid: str, event: str, fields: str = "", by_person: bool = False) -> dict:
        """`by_person`: who did it is told where the account gives no answer."""
        xml = event_xml(self.account.settings.original_id, openid, int(self.now()), event, fields)
        return self._push(openid, xml, by_person)

    def press(self, openid: str, key: str) -> dict:
        """A button of the menu, of type click."""
        self.note(openid, "me", f"[菜单 {key}]")
        return self.event(openid, "CLICK", cdata("EventKey", key), by_person=True)

    def scan(self, openid: str, scene: str) -> dict:
        """A QR code: a new follower subscribes by it, a follower scans it."""
        with self.lock:
            person = self.account.person(openid)
            was_following, person.following = person.following, True
        prefix = "" if was_following else "qrscene_"
        self.note(openid, "me", f"[扫码 {scene}]")
        return self.event(openid, "SCAN" if was_following else "subscribe",
                          cdata("EventKey", prefix + scene) + cdata("Ticket", "t"), by_person=True)

    def subscribe(self, openid: str) -> dict:
        """Without a code."""
        with self.lock:
            self.account.person(openid).following = True
        self.note(openid, "me", "[关注]")
        return self.event(openid, "subscribe", cdata("EventKey", ""))

    def unsubscribe(self, openid: str) -> dict:
        with self.lock:
            self.account.person(openid).following = False
        self.note(openid, "me", "[取消关注]")
        return self.event(openid, "unsubscribe", cdata("EventKey", ""))

    def block(self, openid: str, blocking: bool = True) -> dict:
        """Messages are accepted, and their receipts tell that the person lets none through."""
        with self.lock:
            self.account.person(openid).blocking = blocking
        return {}

    def consent(self, openid: str, template_id: str, accept: bool = True) -> dict:
        """The pop-up of wx-open-subscribe."""
        with self.lock:
            consents = self.account.person(openid).consents
            consents[template_id] = consents[template_id] + 1 if accept else 0
        return self._consent_event(openid, "SubscribeMsgPopupEvent", "subscribe_msg_popup_event", template_id, accept)

    def withdraw_consent(self, openid: str, template_id: str) -> dict:
        """In the app's settings, later."""
        with self.lock:
            self.account.person(openid).consents[template_id] = 0
        return self._consent_event(openid, "SubscribeMsgChangeEvent", "subscribe_msg_change_event", template_id, False)

    def _consent_event(self, openid: str, element: str, event: str, template_id: str, accept: bool) -> dict:
        scene = "<PopupScene>1</PopupScene>" if event == "subscribe_msg_popup_event" else ""
        item = (f"<List>{cdata('TemplateId', template_id)}"
                f"{cdata('SubscribeStatusString', 'accept' if accept else 'reject')}{scene}</List>")
        return self.event(openid, event, f"<{element}>{item}</{element}>")

    def note(self, openid: str, who: str, text: str) -> None:
        """Keeps what was said with a person for the console; `who` is me or account."""
        self.talk[openid].append((who, text))

    def report(self) -> dict:
        """What the platform has seen: calls by path, messages sent, pushes."""
        with self.lock:
            return {"requests": dict(self.account.requests), "sent": self.account.sent, "menu": self.account.menu,
                    "scenes": [vars(code) for code in self.account.scene_codes.codes.values()],
                    "pushes": [[vars(delivery) for delivery in deliveries] for deliveries in self.pushed]}

    CONTROLS = ("add_person", "code", "visit_as", "set_home", "advance", "kill_tokens", "plan_faults",
                "stand_fault", "set_quota", "restrict_template", "forbid_words", "push_to", "say", "event",
                "press", "scan", "subscribe", "unsubscribe", "block", "consent", "withdraw_consent", "report")

    def call(self, name: str, arguments: dict) -> dict:
        if name not in self.CONTROLS:
            raise ValueError(f"no control is named {name}")
        return getattr(self, name)(**arguments)

    # ---- pushes ----

    def _push(self, openid: str, xml: str, by_person: bool) -> dict:
        if self.pusher is None:
            return {"deliveries": []}
        deliveries = self.pusher.push(openid, xml)
        self.pushed.append(deliveries)
        words = deliveries[-1].reply.get("Content", "")
        if by_person and not deliveries[-1].understood:
            words = UNANSWERED
        if words:
            self.note(openid, "account", words)
        return {"deliveries": [vars(delivery) for delivery in deliveries]}

    def send_receipt(self, push, *arguments) -> None:
        """Before the call's answer where that is asked for, else in the background."""
        if self.receipts == "before":
            push(*arguments)
        elif self.receipts == "after":
            thread = threading.Thread(target=push, args=arguments, daemon=True)
            self._background.append(thread)
            thread.start()

    def template_receipt(self, openid: str, message_id: str, status: str = "success") -> None:
        if self.account.people[openid].blocking:
            status = "failed:user block"
        self.event(openid, "TEMPLATESENDJOBFINISH", f"<MsgID>{message_id}</MsgID>{cdata('Status', status)}")

    def notice_receipt(self, openid: str, message_id: str, template_id: str) -> None:
        """Which codes a failed notice has is not documented; that it isn't 0 is."""
        code, status = (1, "failed:user block") if self.account.people[openid].blocking else (0, "success")
        item = (f"<List>{cdata('TemplateId', template_id)}<MsgID>{message_id}</MsgID><ErrorCode>{code}</ErrorCode>"
                f"{cdata('ErrorStatus', status)}</List>")
        self.event(openid, "subscribe_msg_sent_event", f"<SubscribeMsgSentEvent>{item}</SubscribeMsgSentEvent>")


def _handler_of(emulator: Emulator):
    api = Api(emulator)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self._serve("GET")

        def do_POST(self):
            self._serve("POST")

        def _serve(self, method: str) -> None:
            address = urllib.parse.urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if address.path in Api.CALLS:
                query = dict(urllib.parse.parse_qsl(address.query, keep_blank_values=True))
                self._answer(200, json.dumps(api.answer(method, address.path, query, raw), ensure_ascii=False),
                             "text/plain")
            elif method == "POST" and address.path.startswith("/emulator/"):
                self._control(address.path.removeprefix("/emulator/"), raw)
            elif method == "POST" and address.path == "/console":
                form = dict(urllib.parse.parse_qsl(raw.decode(), keep_blank_values=True))
                self._answer_page(*console.act(emulator, form))
            elif method == "GET":
                self._show(address)
            else:
                self._answer(404, "", "text/plain")

        def _show(self, address: urllib.parse.SplitResult) -> None:
            """What is for people's eyes."""
            query = dict(urllib.parse.parse_qsl(address.query))
            if address.path == authorize.PATH:
                self._answer_page(*authorize.answer(emulator, address.query))
            elif address.path == "/":
                self._answer_page(200, console.page(emulator, address.query))
            elif address.path.startswith("/q/"):
                self._answer_page(*console.code_page(emulator, address.path.removeprefix("/q/")))
            elif address.path == "/cgi-bin/showqrcode":
                self._answer_page(*console.code_page(emulator, query.get("ticket", "")))
            else:
                self._answer(404, "", "text/plain")

        def _control(self, name: str, raw: bytes) -> None:
            try:
                self._answer(200, json.dumps(emulator.call(name, json.loads(raw or b"{}"))), "application/json")
            except (ValueError, TypeError) as error:
                self._answer(400, str(error), "text/plain")
            except Fault as fault:
                self._answer(400, json.dumps(fault.answer), "application/json")

        def _answer_page(self, status: int, content: str) -> None:
            if status in (302, 303):
                self._answer(status, "", "text/html", {"Location": content})
            else:
                self._answer(status, content, "text/html; charset=utf-8")

        def _answer(self, status: int, text: str, kind: str, headers: dict | None = None) -> None:
            body = text.encode()
            self.send_response(status)
            for name, value in ({"Content-Type": kind, "Content-Length": str(len(body))} | (headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp=None):
            return email.utils.formatdate(emulator.now() if timestamp is None else timestamp, usegmt=True)

        def log_message(self, *_):
            """Addresses hold secrets and tokens, even here."""

    return Handler
