"""The page that asks a person for leave to log in. In the real one the app knows who is asked; here whoever sees the page
chooses, unless `visit_as` has said it."""
import html
import re
import secrets
import urllib.parse

PATH = "/connect/oauth2/authorize"
# The platform matches the address by its order.
ADDRESS = re.compile(r"appid=(?P<appid>[^&]*)&redirect_uri=(?P<redirect_uri>[^&]*)&response_type=code"
                     r"&scope=(?P<scope>snsapi_base|snsapi_userinfo)&state=(?P<state>[^&]*)(&forcePopup=(true|false))?")
PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>登录</title><body style="font:1.1rem/2 sans-serif;margin:2rem auto;max-width:30rem">{body}</body></html>"""


def _fault(text: str) -> tuple[int, str]:
    return 200, PAGE.format(body=f"<h1>Oops! Something went wrong:(</h1><p>{html.escape(text)}</p>")


def answer(emulator, query: str) -> tuple[int, str]:
    """302 and where to, or 200 and a page."""
    match = ADDRESS.fullmatch(query)
    if not match:
        return _fault("参数错误")
    redirect_uri = urllib.parse.unquote(match["redirect_uri"])
    address = urllib.parse.urlsplit(redirect_uri)
    state = match["state"]
    if match["appid"] != emulator.account.settings.appid:
        return _fault("10012")
    if address.scheme not in ("http", "https") or not address.netloc:
        return _fault("10011")
    if emulator.account.settings.redirect_host not in ("", address.netloc):
        return _fault("10003 redirect_uri域名与后台配置不一致")
    if not re.fullmatch(r"[a-zA-Z0-9]{1,128}", state):
        return _fault("10013")
    # A parameter of this name does not come back.
    kept = "&".join(item for item in address.query.split("&") if item and not item.startswith("openId="))
    back = urllib.parse.urlunsplit(address._replace(query=f"{kept}&" if kept else "", fragment=""))
    back += "" if kept else "?"
    with emulator.lock:
        if match["scope"] == "snsapi_base" and emulator.visitor in emulator.account.people:
            return 302, f"{back}code={emulator.account.new_code(emulator.visitor)}&state={state}"
        return 200, _choice(emulator, back, match["scope"], state)


def _choice(emulator, back: str, scope: str, state: str) -> str:
    def link(openid: str, snapshot: bool = False) -> str:
        return f"{back}code={emulator.account.new_code(openid, scope, snapshot)}&state={state}"

    links = [(f"{person.nickname} ({openid})", link(openid)) for openid, person in emulator.account.people.items()]
    links.append(("快照页的访客（虚拟用户）", link(f"snapshot_{secrets.token_hex(8)}", snapshot=True)))
    # Who refuses goes back without a code.
    links.append(("拒绝", f"{back}state={state}"))
    items = "".join(f'<li><a href="{html.escape(where)}">{html.escape(name)}</a></li>' for name, where in links)
    return PAGE.format(body=f"<h1>以谁的身份登录？</h1><ul>{items}</ul><p>登录码五分钟内有效，只能用一次。</p>")
