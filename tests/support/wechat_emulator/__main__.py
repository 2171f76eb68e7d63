"""Runs the emulator until SIGTERM or Ctrl-C; prints "ready http://127.0.0.1:PORT" when it serves."""
import argparse
import signal
import sys

from .account import Settings
from .server import RECEIPTS, Emulator


def main() -> None:
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="wechat_emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="of 127.0.0.1; 0 picks a free one")
    parser.add_argument("--appid", default=defaults.appid)
    parser.add_argument("--secret", default=defaults.secret)
    parser.add_argument("--redirect-host", default="", help="the only host that logins return to; any, where empty")
    parser.add_argument("--receipts", choices=RECEIPTS, default="after")
    parser.add_argument("--person", action="append", default=[], metavar="OPENID", help="who follows the account")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings = Settings(appid=options.appid, secret=options.secret, redirect_host=options.redirect_host)
    emulator = Emulator(options.port, settings, options.receipts)
    for openid in options.person:
        emulator.add_person(openid)
    print(f"ready {emulator.url}", flush=True)
    try:
        emulator.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
