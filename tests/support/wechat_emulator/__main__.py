"""Runs the emulator until SIGTERM or Ctrl-C; prints "ready http://127.0.0.1:PORT" when it serves. The page at / is for
people: it plays the account's followers by hand."""
import argparse
import pathlib
import signal
import sys

from .account import Settings
from .server import RECEIPTS, Emulator

DEMO = (  # openid, unionid, nickname, following
    ("o_mother_li", "u_li", "李妈妈", True),
    ("o_father_wang", "u_wang", "王爸爸", True),
    ("o_grandmother_chen", "", "陈外婆", False),
)


def main() -> None:
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="wechat_emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="of 127.0.0.1; 0 picks a free one")
    parser.add_argument("--appid", default=defaults.appid)
    parser.add_argument("--secret", default=defaults.secret)
    parser.add_argument("--redirect-host", default="", help="the only host that logins return to; any, where empty")
    parser.add_argument("--receipts", choices=RECEIPTS, default="after")
    parser.add_argument("--template", action="append", metavar="ID", help="a template of the account, instead of TEMPLATE")
    parser.add_argument("--notice", action="append", metavar="ID", help="a notice's template, instead of NOTICE")
    parser.add_argument("--person", action="append", default=[], metavar="OPENID", help="who follows the account")
    parser.add_argument("--codes", type=pathlib.Path, metavar="FILE", help="where permanent QR codes are kept")
    parser.add_argument("--demo", action="store_true", help="with three people to play")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings = Settings(appid=options.appid, secret=options.secret, redirect_host=options.redirect_host,
                        templates=tuple(options.template or defaults.templates),
                        notices=tuple(options.notice or defaults.notices))
    emulator = Emulator(options.port, settings, options.receipts)
    if options.codes:
        emulator.account.scene_codes.keep_in(options.codes)
    for person in DEMO if options.demo else ():
        emulator.add_person(*person)
    for openid in options.person:
        emulator.add_person(openid)
    print(f"ready {emulator.url}", flush=True)
    try:
        emulator.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
