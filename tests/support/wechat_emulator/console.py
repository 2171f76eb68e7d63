"""A page on which a person plays the account's followers by hand: says words, presses the menu, scans codes, follows and
unfollows, and reads what the account has said. GET / shows it, POST /console does what a form on it asks for."""
import html
import urllib.parse

from . import menu
from .faults import Fault

PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>WeChat emulator</title><style>
body{{font:1rem/1.6 sans-serif;margin:1rem auto;max-width:46rem;padding:0 1rem}}form{{display:inline-block;margin:.2rem}}
.me,.account{{white-space:pre-wrap;padding:.4rem .8rem;border-radius:.4rem;margin:.3rem 0;width:fit-content;max-width:80%}}
.me{{background:#d5f5d0;margin-left:auto}}.account{{background:#eee}}td{{padding:0 1rem 0 0}}</style><body>{body}</body></html>"""


def _form(openid: str, action: str, label: str, fields: str = "", **hidden: str) -> str:
    values = {"openid": openid, "action": action} | hidden
    inputs = "".join(f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in values.items())
    return (f'<form method="post" action="/console">{inputs}{fields}<button>{html.escape(label)}</button></form>')


def _people(emulator) -> str:
    rows = "".join(
        f'<tr><td><a href="/?openid={urllib.parse.quote(openid)}">{html.escape(person.nickname)}</a></td>'
        f'<td>{html.escape(openid)}</td><td>{"已关注" if person.following else "未关注"}</td>'
        f'<td>{sum(person.consents.values())}</td><td>{"当前微信用户" if emulator.visitor == openid else ""}</td></tr>'
        for openid, person in emulator.account.people.items())
    return f"<table><tr><td>谁</td><td>openid</td><td></td><td>订阅次数</td><td></td></tr>{rows}</table>"


def _menu(emulator, openid: str) -> str:
    parts = []
    for leaf in menu.leaves(emulator.account.menu):
        if leaf.get("type") == "view":
            parts.append(f'<a href="{html.escape(leaf["url"])}">{html.escape(leaf["name"])}</a> ')
        else:
            parts.append(_form(openid, "press", leaf["name"], key=leaf.get("key", "")))
    return "".join(parts) or "（还没有菜单）"


def _codes(emulator, openid: str) -> str:
    codes = [code for ticket in emulator.account.scene_codes.codes if (code := emulator.account.scene_codes.valid(ticket))]
    known = "".join(_form(openid, "scan", f"扫 {code.scene}", scene=code.scene) for code in codes)
    return known + _form(openid, "scan", "扫码", '<input name="scene" placeholder="scene" maxlength="64" required>')


def _one(emulator, openid: str) -> str:
    person = emulator.account.people[openid]
    follow = _form(openid, "unsubscribe", "取消关注") if person.following else _form(openid, "subscribe", "关注")
    visit = _form(openid, "visit_as", "用此人登录微信") if emulator.visitor != openid else _form("", "visit_as", "登录时再选")
    consents = "".join(_form(openid, "consent", f"同意订阅 {name}", template_id=name)
                       for name in emulator.account.settings.notices)
    talk = "".join(f'<p class="{who}">{html.escape(text)}</p>' for who, text in emulator.talk[openid])
    say = _form(openid, "say", "发送", '<input name="text" placeholder="我的预约" required autofocus>')
    return (f"<h2>{html.escape(person.nickname)}</h2><p>{follow}{visit}{consents}</p><p>菜单：{_menu(emulator, openid)}</p>"
            f"<p>{_codes(emulator, openid)}</p>{talk}<p>{say}</p>")


def page(emulator, query: str) -> str:
    openid = dict(urllib.parse.parse_qsl(query)).get("openid", "")
    home = f'<p><a href="{html.escape(emulator.home)}">打开预约页面</a></p>' if emulator.home else ""
    pushes = "" if emulator.pusher else "<p>（还没有回调地址，消息发不到公众号。）</p>"
    body = f"<h1>WeChat emulator</h1>{home}{pushes}{_people(emulator)}"
    with emulator.lock:
        return PAGE.format(body=body + (_one(emulator, openid) if openid in emulator.account.people else ""))


def code_page(emulator, ticket: str) -> tuple[int, str]:
    """What a scanned code leads to: who scans it is chosen here."""
    code = emulator.account.scene_codes.valid(ticket)
    if code is None:
        return 404, PAGE.format(body="<h1>二维码已过期</h1>")
    forms = "".join(f"<p>{_form(openid, 'scan', person.nickname, scene=code.scene)}</p>"
                    for openid, person in emulator.account.people.items())
    return 200, PAGE.format(body=f"<h1>{html.escape(code.scene)}</h1><p>谁来扫？</p>{forms}")


def act(emulator, form: dict) -> tuple[int, str]:
    """Does what a form asks for: 303 and where to, or 400 and why not."""
    actions = {
        "say": lambda: emulator.say(form["openid"], form["text"]),
        "press": lambda: emulator.press(form["openid"], form["key"]),
        "scan": lambda: emulator.scan(form["openid"], form["scene"].strip()),
        "subscribe": lambda: emulator.subscribe(form["openid"]),
        "unsubscribe": lambda: emulator.unsubscribe(form["openid"]),
        "consent": lambda: emulator.consent(form["openid"], form["template_id"]),
        "visit_as": lambda: emulator.visit_as(form.get("openid") or None),
    }
    try:
        actions[form["action"]]()
    except (KeyError, Fault) as error:
        return 400, f"not possible: {error!r}"
    return 303, "/?" + urllib.parse.urlencode({"openid": form.get("openid", "")})
