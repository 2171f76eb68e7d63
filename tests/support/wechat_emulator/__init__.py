"""An emulator of the WeChat platform on loopback: tokens, logins, messages, pushes. Start it with
`python3 -m support.wechat_emulator --port 0` from tests/, or in a test with `Emulator()` of server.py.

What it does follows the platform's documentation where that speaks; where only users' reports do, the comment says so.
"""
