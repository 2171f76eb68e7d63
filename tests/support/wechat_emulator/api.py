"""The platform's calls under their own paths: JSON answers with HTTP 200, whatever happened."""
import json

from . import menu
from .faults import Fault


class Api:
    """`emulator` is whose account it serves."""

    def __init__(self, emulator):
        self._emulator = emulator
        self._account = emulator.account

    CALLS = {  # path: method, whether the account's token is wanted, and the name here
        "/cgi-bin/stable_token": ("POST", False, "stable_token"),
        "/cgi-bin/token": ("GET", False, "classic_token"),
        "/sns/oauth2/access_token": ("GET", False, "web_code"),
        "/sns/userinfo": ("GET", False, "profile"),
        "/sns/jscode2session": ("GET", False, "mini_code"),
        "/cgi-bin/ticket/getticket": ("GET", True, "ticket"),
        "/cgi-bin/message/template/send": ("POST", True, "template"),
        "/cgi-bin/message/subscribe/bizsend": ("POST", True, "notice"),
        "/cgi-bin/template/get_all_private_template": ("GET", True, "templates"),
        "/wxaapi/newtmpl/gettemplate": ("GET", True, "notices"),
        "/cgi-bin/qrcode/create": ("POST", True, "scene"),
        "/cgi-bin/menu/create": ("POST", True, "create_menu"),
        "/cgi-bin/menu/get": ("GET", True, "get_menu"),
        "/cgi-bin/menu/delete": ("GET", True, "delete_menu"),
    }

    def answer(self, method: str, path: str, query: dict, raw: bytes) -> dict:
        wanted, needs_token, name = self.CALLS[path]
        receipt = sending_to = None
        try:
            with self._emulator.lock:
                self._account.count(path)
                if wanted == "POST" and method != "POST":
                    raise Fault(43002)
                if needs_token:
                    self._account.tokens.check(query.get("access_token", ""))
                if name in ("template", "notice"):
                    openid = self._json(raw).get("touser", "")
                    self._account.begin_sending(openid)
                    sending_to = openid
                answer = getattr(self, name)(query, raw)
                if isinstance(answer, tuple):
                    answer, receipt = answer
            if receipt:
                self._emulator.send_receipt(*receipt)
            return answer
        except Fault as fault:
            return fault.answer
        finally:
            if sending_to is not None:
                self._account.end_sending(sending_to)

    @staticmethod
    def _json(raw: bytes) -> dict:
        try:
            body = json.loads(raw.decode())
        except (UnicodeDecodeError, json.JSONDecodeError):
            raise Fault(47001) from None
        if not isinstance(body, dict):
            raise Fault(47001)
        return body

    # ---- credentials and logins ----

    def stable_token(self, _query, raw):
        body = self._json(raw)
        self._check_grant(body.get("grant_type"))
        self._account.check_secret(body.get("appid", ""), body.get("secret", ""))
        return self._account.tokens.stable(bool(body.get("force_refresh", False)))

    def classic_token(self, query, _raw):
        self._check_grant(query.get("grant_type"))
        self._account.check_secret(query.get("appid", ""), query.get("secret", ""))
        return self._account.tokens.classic()

    @staticmethod
    def _check_grant(grant_type) -> None:
        if grant_type != "client_credential":
            raise Fault(40002)

    def web_code(self, query, _raw):
        self._account.check_secret(query.get("appid", ""), query.get("secret", ""))
        return self._account.exchange_web_code(query.get("code", ""))

    def profile(self, query, _raw):
        return self._account.profile(query.get("access_token", ""), query.get("openid", ""))

    def mini_code(self, query, _raw):
        self._account.check_secret(query.get("appid", ""), query.get("secret", ""))
        return self._account.exchange_mini_code(query.get("js_code", ""))

    def ticket(self, query, _raw):
        if query.get("type") != "jsapi":
            raise Fault(40097)
        return self._account.ticket()

    # ---- messages: an answer, and the receipt to send where there is one ----

    def template(self, _query, raw):
        body = self._json(raw)
        answer, is_new = self._account.send_template(body)
        receipt = (self._emulator.template_receipt, body["touser"], str(answer["msgid"]))
        if not is_new:
            return answer
        self._tell(body)
        return answer, receipt

    def notice(self, _query, raw):
        body = self._json(raw)
        answer, message_id = self._account.send_notice(body)
        self._tell(body)
        return answer, (self._emulator.notice_receipt, body["touser"], message_id, body["template_id"])

    def _tell(self, body: dict) -> None:
        fields = "\n".join(f"{name}: {entry['value']}" for name, entry in body["data"].items())
        where = body.get("url") or body.get("page") or (body.get("miniprogram") or {}).get("pagepath", "")
        self._emulator.note(body["touser"], "account", f"[{body['template_id']}]\n{fields}\n{where}".strip())

    def templates(self, _query, _raw):
        """This one has no errcode when all is well."""
        return {"template_list": [{"template_id": name, "title": name, "primary_industry": "", "deputy_industry": "",
                                   "content": "{{thing1.DATA}}", "example": "钢琴课"}
                                  for name in self._account.settings.templates]}

    def notices(self, _query, _raw):
        return {"errcode": 0, "errmsg": "ok",
                "data": [{"priTmplId": name, "title": name, "content": "{{thing1.DATA}}", "example": "钢琴课", "type": 2}
                         for name in self._account.settings.notices]}

    # ---- scenes and the menu ----

    def scene(self, _query, raw):
        return self._account.scene_codes.create(self._json(raw), self._emulator.url)

    def create_menu(self, _query, raw):
        body = self._json(raw)
        menu.check(raw, body)
        self._account.menu = body
        return {"errcode": 0, "errmsg": "ok"}

    def get_menu(self, _query, _raw):
        if self._account.menu is None:
            raise Fault(46003)
        return {"menu": self._account.menu}

    def delete_menu(self, _query, _raw):
        self._account.menu = None
        return {"errcode": 0, "errmsg": "ok"}
