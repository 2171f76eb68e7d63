"""What the platform pushes to the account's callback: signed, sealed as the mode says, and repeated while nobody answers."""
import http.client
import secrets
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

from .cipher import Cipher, signature

MODES = ("plain", "compatible", "safe")


def cdata(name: str, text: str) -> str:
    return f"<{name}><![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


def event_xml(account: str, openid: str, created_at: int, event: str, fields: str = "") -> str:
    return (f"<xml>{cdata('ToUserName', account)}{cdata('FromUserName', openid)}<CreateTime>{created_at}</CreateTime>"
            f"{cdata('MsgType', 'event')}{cdata('Event', event)}{fields}</xml>")


def text_xml(account: str, openid: str, created_at: int, text: str, message_id: str) -> str:
    return (f"<xml>{cdata('ToUserName', account)}{cdata('FromUserName', openid)}<CreateTime>{created_at}</CreateTime>"
            f"{cdata('MsgType', 'text')}{cdata('Content', text)}<MsgId>{message_id}</MsgId></xml>")


@dataclass
class Delivery:
    """One attempt and what came of it."""
    status: int | None = None  # none: no answer in time, or no connection
    body: str = ""
    understood: bool = False  # else the user is told 该公众号暂时无法提供服务，请稍后再试
    reply: dict = field(default_factory=dict)  # the fields of an answer in words


class Pusher:
    """`attempts` is 3 or 4: the documentation doesn't say whether the first counts among "three retries". Whether a
    repetition is signed anew isn't said either; it is here unless `sign_anew` is false. A sealed answer carries the push's
    nonce unless `echoed_nonce` is false: the real platform is answered with others too, by a library of long standing.
    What is documented to be repeated is a push without an answer within five seconds; whether another status, or words that
    can't be read, are repeated too isn't said: they are unless `repeats_on_answers` is false."""

    def __init__(self, url: str, token: str, encoding_aes_key: str, appid: str, mode: str = "safe", timeout_s: float = 5,
                 attempts: int = 4, sign_anew: bool = True, echoed_nonce: bool = True, repeats_on_answers: bool = True):
        if mode not in MODES:
            raise ValueError(f"the mode is one of {MODES}")
        self._url = urllib.parse.urlsplit(url)
        self._token = token
        self._mode = mode
        self._cipher = Cipher(encoding_aes_key, appid) if mode != "plain" else None
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._sign_anew = sign_anew
        self._echoed_nonce = echoed_nonce
        self._repeats_on_answers = repeats_on_answers

    def check_url(self, echo: str = "4375120948345356249") -> bool:
        """The platform's check of the address, as when the settings are saved."""
        query = self._query() | {"echostr": echo}
        delivery = self._request("GET", query, None)
        return delivery.status == 200 and delivery.body == echo

    def push(self, openid: str, xml: str) -> list[Delivery]:
        """All attempts; the last one was understood, or none was."""
        deliveries, signed = [], None
        for _ in range(self._attempts):
            signed = self._signed(openid, xml) if signed is None or self._sign_anew else signed
            deliveries.append(self._understand(self._request("POST", *signed), signed[0]["nonce"]))
            answered = deliveries[-1].status is not None
            if deliveries[-1].understood or (answered and not self._repeats_on_answers):
                break
        return deliveries

    def _query(self) -> dict:
        timestamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
        return {"signature": signature(self._token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}

    def _signed(self, openid: str, xml: str) -> tuple[dict, str]:
        query = self._query() | {"openid": openid}
        if self._cipher is None:
            return query, xml
        encrypted = self._cipher.seal(xml)
        query |= {"encrypt_type": "aes",
                  "msg_signature": signature(self._token, query["timestamp"], query["nonce"], encrypted)}
        if self._mode == "compatible":
            return query, xml.removesuffix("</xml>") + cdata("Encrypt", encrypted) + "</xml>"
        account = ElementTree.fromstring(xml).findtext("ToUserName", "")
        return query, f"<xml>{cdata('ToUserName', account)}{cdata('Encrypt', encrypted)}</xml>"

    def _request(self, method: str, query: dict, body: str | None) -> Delivery:
        connection = http.client.HTTPConnection(self._url.hostname, self._url.port or 80, timeout=self._timeout_s)
        try:
            connection.request(method, f"{self._url.path}?{urllib.parse.urlencode(query)}",
                               None if body is None else body.encode(), {"Content-Type": "text/xml"} if body else {})
            response = connection.getresponse()
            return Delivery(response.status, response.read().decode(errors="replace"))
        except (OSError, http.client.HTTPException):
            return Delivery()
        finally:
            connection.close()

    def _understand(self, delivery: Delivery, nonce: str) -> Delivery:
        if delivery.status != 200:
            return delivery
        if delivery.body in ("", "success"):
            delivery.understood = True
            return delivery
        try:
            delivery.reply = self._open_reply(delivery.body, nonce)
            delivery.understood = "MsgType" in delivery.reply
        except (ElementTree.ParseError, ValueError):
            pass
        return delivery

    def _open_reply(self, body: str, nonce: str) -> dict:
        reply = {child.tag: child.text or "" for child in ElementTree.fromstring(body)}
        if self._mode != "safe" and "Encrypt" not in reply:
            return reply
        signed = signature(self._token, reply.get("TimeStamp", ""), reply.get("Nonce", ""), reply.get("Encrypt", ""))
        echoed = reply.get("Nonce") == nonce or not self._echoed_nonce
        if self._cipher is None or reply.get("MsgSignature") != signed or not echoed:
            raise ValueError("the reply's signature doesn't hold")
        return {child.tag: child.text or "" for child in ElementTree.fromstring(self._cipher.open(reply["Encrypt"]))}
