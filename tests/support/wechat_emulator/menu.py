"""The account's menu, with the limits that the platform holds it to."""
import re

from .faults import Fault

BUTTONS_MAX = 3
SUB_BUTTONS_MAX = 5
NAME_BYTES_MAX = 16
SUB_NAME_BYTES_MAX = 60
KEY_BYTES_MAX = 128
URL_BYTES_MAX = 1024
WITH_KEY = ("click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin",
            "location_select")
WITH_MEDIA = ("media_id", "article_id", "article_view_limited")


def check(raw: bytes, body: dict) -> None:
    """Raises the platform's fault with a menu; `raw` is the request as it came."""
    if re.search(rb"\\u[0-9a-fA-F]{4}", raw):
        raise Fault(40033)
    buttons = body.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= BUTTONS_MAX:
        raise Fault(40016)
    for button in buttons:
        subs = button.get("sub_button") or []
        if len(subs) > SUB_BUTTONS_MAX:
            raise Fault(40023)
        _check_name(button, NAME_BYTES_MAX, 40018)
        for sub in subs:
            _check_name(sub, SUB_NAME_BYTES_MAX, 40025)
        for pressed in subs or [button]:
            _check_action(pressed)


def _check_name(button: dict, limit: int, errcode: int) -> None:
    if not 1 <= len(str(button.get("name", "")).encode()) <= limit:
        raise Fault(errcode)


def _check_action(button: dict) -> None:
    kind = button.get("type")
    if kind in WITH_KEY:
        if not 1 <= len(button.get("key", "").encode()) <= KEY_BYTES_MAX:
            raise Fault(40019)
    elif kind in ("view", "miniprogram"):
        url = button.get("url", "")
        if not 1 <= len(url.encode()) <= URL_BYTES_MAX:
            raise Fault(40020)
        if not re.match(r"https?://[^/]", url):
            raise Fault(40055)
        if kind == "miniprogram" and not (button.get("appid") and button.get("pagepath")):
            raise Fault(40016)
    elif kind not in WITH_MEDIA:
        raise Fault(40017)


def leaves(menu: dict | None) -> list[dict]:
    """The buttons that do something when they are pressed."""
    return [leaf for button in (menu or {}).get("button", []) for leaf in button.get("sub_button") or [button]]
