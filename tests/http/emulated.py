"""The emulator of the WeChat platform under test: calls as an account makes them, and a callback that answers as a test
says."""
import http.client
import http.server
import json
import threading
import time
import unittest
import urllib.parse

from support.wechat_emulator.cipher import signature
from support.wechat_emulator.server import Emulator

TOKEN = "AAAAA"
AES_KEY = "A" * 43
APPID = "wxba5fad812f8e6fb9"
SECRET = "0123456789abcdef0123456789abcdef"


class Receiver:
    """An account's callback that answers as the test says, one item for each push: a text, a delay in seconds, or a
    status. Beyond the list it answers "success"."""

    def __init__(self):
        self.answers = []
        self.pushes = []  # (query, body)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                good = query["signature"] == signature(TOKEN, query["timestamp"], query["nonce"])
                self._answer(200 if good else 403, query["echostr"])

            def do_POST(self):
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                receiver.pushes.append((query, self.rfile.read(int(self.headers["Content-Length"])).decode()))
                answer = receiver.answers.pop(0) if receiver.answers else "success"
                if callable(answer):
                    answer = answer(query)
                if isinstance(answer, float):
                    time.sleep(answer)
                    answer = "success"
                self._answer(answer, "") if isinstance(answer, int) else self._answer(200, answer)

            def _answer(self, status, text):
                try:
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(text.encode())
                except OSError:
                    pass  # the platform has gone on

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/wechat/callback"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class EmulatorTest(unittest.TestCase):
    def setUp(self):
        self.platform = self.enterContext(Emulator(clock=lambda: 1_800_000_000.0))  # a whole minute
        self.platform.add_person("o1", unionid="u1")

    def request(self, method, target, body=None):
        address = urllib.parse.urlsplit(self.platform.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        try:
            raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body, ensure_ascii=False).encode()
            connection.request(method, target, raw)
            response = connection.getresponse()
            return response.status, dict(response.headers), response.read().decode()
        finally:
            connection.close()

    def get(self, path, **query):
        return json.loads(self.request("GET", f"{path}?{urllib.parse.urlencode(query)}")[2])

    def post(self, path, body, **query):
        return json.loads(self.request("POST", f"{path}?{urllib.parse.urlencode(query)}", body)[2])

    def stable(self, force=False, **other):
        body = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET, "force_refresh": force} | other
        return self.post("/cgi-bin/stable_token", body)

    def classic(self):
        return self.get("/cgi-bin/token", grant_type="client_credential", appid=APPID, secret=SECRET)

    def works(self, token):
        return self.get("/cgi-bin/ticket/getticket", access_token=token, type="jsapi")["errcode"]

    def send(self, token, **other):
        body = {"touser": "o1", "template_id": "TEMPLATE", "data": {"thing1": {"value": "钢琴课"}}} | other
        return self.post("/cgi-bin/message/template/send", body, access_token=token)

    def notify(self, token, **other):
        body = {"touser": "o1", "template_id": "NOTICE", "data": {"thing1": {"value": "钢琴课"}}} | other
        return self.post("/cgi-bin/message/subscribe/bizsend", body, access_token=token)
