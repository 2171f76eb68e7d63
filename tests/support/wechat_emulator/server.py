"""The emulator's HTTP side: the platform's calls under their own paths, and under /emulator/ what a test or a person does
on the platform's side: people, consents, scans, the clock, planned faults.

    with Emulator() as platform:                     # or: python3 -m support.wechat_emulator
        platform.add_person("o1")
        platform.call("code", {"openid": "o1"})      # the same over HTTP: POST /emulator/code
"""
import html
import http.server
import json
import re
import secrets
import threading
import time
import urllib.parse

from .account import Account, Person, Settings
from .faults import Fault
from .pushes import Pusher, cdata, event_xml, text_xml

AUTHORIZE = re.compile(r"appid=(?P<appid>[^&]*)&redirect_uri=(?P<redirect_uri>[^&]*)&response_type=code"
                       r"&scope=(?P<scope>snsapi_base|snsapi_userinfo)&state=(?P<state>[^&]*)(&forcePopup=(true|false))?")
RECEIPTS = ("after", "before", "never")


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

    def kill_tokens(self) -> dict:
        with self.lock:
            self.account.tokens.kill_all()
        return {}

    def plan_faults(self, path: str, errcodes: list) -> dict:
        with self.lock:
            self.account.planned_faults[path].extend(errcodes)
        return {}

    def set_quota(self, path: str, per_minute: int | None = None, per_day: int | None = None) -> dict:
        with self.lock:
            self.account.quotas[path] = (per_minute, per_day)
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
        return self._push(openid, text_xml(self.account.settings.original_id, openid, int(self.now()), text, message_id))

    def event(self, openid: str, event: str, fields: str = "") -> dict:
        return self._push(openid, event_xml(self.account.settings.original_id, openid, int(self.now()), event, fields))

    def scan(self, openid: str, scene: str) -> dict:
        """A QR code: a new follower subscribes by it, a follower scans it."""
        with self.lock:
            person = self.account.person(openid)
            was_following, person.following = person.following, True
        prefix = "" if was_following else "qrscene_"
        return self.event(openid, "SCAN" if was_following else "subscribe",
                          cdata("EventKey", prefix + scene) + cdata("Ticket", "t"))

    def unsubscribe(self, openid: str) -> dict:
        with self.lock:
            self.account.person(openid).following = False
        return self.event(openid, "unsubscribe", cdata("EventKey", ""))

    def consent(self, openid: str, template_id: str, accept: bool = True) -> dict:
        """The pop-up of wx-open-subscribe."""
        with self.lock:
            consents = self.account.person(openid).consents
            consents[template_id] = consents[template_id] + 1 if accept else 0
        item = (f"<List>{cdata('TemplateId', template_id)}"
                f"{cdata('SubscribeStatusString', 'accept' if accept else 'reject')}<PopupScene>1</PopupScene></List>")
        return self.event(openid, "subscribe_msg_popup_event",
                          f"<SubscribeMsgPopupEvent>{item}</SubscribeMsgPopupEvent>")

    def report(self) -> dict:
        """What the platform has seen: calls by path, messages sent, pushes."""
        with self.lock:
            return {"requests": dict(self.account.requests), "sent": self.account.sent, "menu": self.account.menu,
                    "pushes": [[vars(delivery) for delivery in deliveries] for deliveries in self.pushed]}

    CONTROLS = ("add_person", "code", "visit_as", "advance", "kill_tokens", "plan_faults", "set_quota", "push_to", "say",
                "event", "scan", "unsubscribe", "consent", "report")

    def call(self, name: str, arguments: dict) -> dict:
        if name not in self.CONTROLS:
            raise ValueError(f"no control is named {name}")
        return getattr(self, name)(**arguments)

    # ---- pushes ----

    def _push(self, openid: str, xml: str) -> dict:
        if self.pusher is None:
            return {"deliveries": []}
        deliveries = self.pusher.push(openid, xml)
        self.pushed.append(deliveries)
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
        self.event(openid, "TEMPLATESENDJOBFINISH", f"<MsgID>{message_id}</MsgID>{cdata('Status', status)}")

    def notice_receipt(self, openid: str, message_id: str, template_id: str) -> None:
        item = (f"<List>{cdata('TemplateId', template_id)}<MsgID>{message_id}</MsgID><ErrorCode>0</ErrorCode>"
                f"{cdata('ErrorStatus', 'success')}</List>")
        self.event(openid, "subscribe_msg_sent_event", f"<SubscribeMsgSentEvent>{item}</SubscribeMsgSentEvent>")


class _Api:
    """The platform's calls: method, path, and whether a token is wanted."""

    def __init__(self, emulator: Emulator):
        self._emulator = emulator
        self._account = emulator.account

    CALLS = {
        "/cgi-bin/stable_token": ("POST", False, "stable_token"),
        "/cgi-bin/token": ("GET", False, "classic_token"),
        "/sns/oauth2/access_token": ("GET", False, "web_code"),
        "/sns/jscode2session": ("GET", False, "mini_code"),
        "/cgi-bin/ticket/getticket": ("GET", True, "ticket"),
        "/cgi-bin/message/template/send": ("POST", True, "template"),
        "/cgi-bin/message/subscribe/bizsend": ("POST", True, "notice"),
        "/cgi-bin/qrcode/create": ("POST", True, "scene"),
        "/cgi-bin/menu/create": ("POST", True, "menu"),
    }

    def answer(self, method: str, path: str, query: dict, raw: bytes) -> dict:
        wanted, needs_token, name = self.CALLS[path]
        receipt = None
        try:
            with self._emulator.lock:
                self._account.count(path)
                if wanted == "POST" and method != "POST":
                    raise Fault(43002)
                if needs_token:
                    self._account.tokens.check(query.get("access_token", ""))
                answer, receipt = getattr(self, name)(query, raw)
        except Fault as fault:
            return fault.answer
        if receipt:
            self._emulator.send_receipt(*receipt)
        return answer

    @staticmethod
    def _json(raw: bytes) -> dict:
        try:
            body = json.loads(raw.decode())
        except (UnicodeDecodeError, json.JSONDecodeError):
            raise Fault(47001) from None
        if not isinstance(body, dict):
            raise Fault(47001)
        return body

    def stable_token(self, _query, raw):
        body = self._json(raw)
        self._account.check_secret(body.get("appid", ""), body.get("secret", ""))
        return self._account.tokens.stable(bool(body.get("force_refresh", False))), None

    def classic_token(self, query, _raw):
        self._account.check_secret(query.get("appid", ""), query.get("secret", ""))
        return self._account.tokens.classic(), None

    def web_code(self, query, _raw):
        self._account.check_secret(query.get("appid", ""), query.get("secret", ""))
        return self._account.exchange_web_code(query.get("code", "")), None

    def mini_code(self, query, _raw):
        self._account.check_secret(query.get("appid", ""), query.get("secret", ""))
        return self._account.exchange_mini_code(query.get("js_code", "")), None

    def ticket(self, query, _raw):
        if query.get("type") != "jsapi":
            raise Fault(40097)
        return self._account.ticket(), None

    def template(self, _query, raw):
        body = self._json(raw)
        answer, is_new = self._account.send_template(body)
        receipt = (self._emulator.template_receipt, body["touser"], str(answer["msgid"]))
        return answer, receipt if is_new else None

    def notice(self, _query, raw):
        body = self._json(raw)
        answer, message_id = self._account.send_notice(body)
        return answer, (self._emulator.notice_receipt, body["touser"], message_id, body["template_id"])

    def scene(self, _query, raw):
        return self._account.create_scene(self._json(raw)), None

    def menu(self, _query, raw):
        return self._account.create_menu(raw, self._json(raw)), None


def _authorize(emulator: Emulator, query: str) -> tuple[int, str]:
    """Status and location, or status and page. The platform matches the address by its order."""
    match = AUTHORIZE.fullmatch(query)
    if not match:
        return 200, "<h1>Oops! Something went wrong</h1><p>参数错误</p>"
    redirect_uri = urllib.parse.unquote(match["redirect_uri"])
    state = match["state"]
    if match["appid"] != emulator.account.settings.appid:
        return 200, "<p>10012</p>"
    host = urllib.parse.urlsplit(redirect_uri).netloc
    if emulator.account.settings.redirect_host not in ("", host):
        return 200, "<p>10003 redirect_uri域名与后台配置不一致</p>"
    if not re.fullmatch(r"[a-zA-Z0-9]{1,128}", state):
        return 200, "<p>10013</p>"
    joined = redirect_uri + ("&" if "?" in redirect_uri else "?")
    with emulator.lock:
        if match["scope"] == "snsapi_base" and emulator.visitor in emulator.account.people:
            return 302, f"{joined}code={emulator.account.new_code(emulator.visitor)}&state={state}"
        links = [(person.nickname, f"{joined}code={emulator.account.new_code(openid, match['scope'])}&state={state}")
                 for openid, person in emulator.account.people.items()]
    # Who refuses goes back without a code.
    links.append(("拒绝", f"{joined}state={state}"))
    items = "".join(f'<li><a href="{html.escape(link)}">{html.escape(name)}</a></li>' for name, link in links)
    return 200, f"<!doctype html><meta charset=utf-8><h1>以谁的身份登录？</h1><ul>{items}</ul>"


def _handler_of(emulator: Emulator):
    api = _Api(emulator)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self._serve("GET")

        def do_POST(self):
            self._serve("POST")

        def _serve(self, method: str) -> None:
            address = urllib.parse.urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if address.path == "/connect/oauth2/authorize" and method == "GET":
                self._answer_page(*_authorize(emulator, address.query))
            elif address.path in _Api.CALLS:
                query = dict(urllib.parse.parse_qsl(address.query, keep_blank_values=True))
                self._answer(200, json.dumps(api.answer(method, address.path, query, raw), ensure_ascii=False),
                             "text/plain")
            elif address.path.startswith("/emulator/") and method == "POST":
                self._control(address.path.removeprefix("/emulator/"), raw)
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
            if status == 302:
                self._answer(302, "", "text/html", {"Location": content})
            else:
                self._answer(status, content, "text/html; charset=utf-8")

        def _answer(self, status: int, text: str, kind: str, headers: dict | None = None) -> None:
            body = text.encode()
            self.send_response(status)
            for name, value in ({"Content-Type": kind, "Content-Length": str(len(body))} | (headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Addresses hold secrets and tokens, even here."""

    return Handler
