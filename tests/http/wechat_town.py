"""A town whose parents log in by an emulated WeChat, and browsers that keep cookies."""

import http.client
import http.cookies
import os
import subprocess
import urllib.parse

from support.wechat_emulator.server import Emulator
from town import Town, TownCase

CALLBACK_TOKEN = "AAAAA"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
RETURN_PATH = "/api/v1/login/wechat/callback"


class WechatTown(Town):
    def __init__(self, **settings):
        self.platform = Emulator()
        self.platform.__enter__()
        account = self.platform.account.settings
        wechat = {"enabled": True, "appid": account.appid, "secret": account.secret, "mini_appid": account.appid,
                  "mini_secret": account.secret, "api_url": self.platform.url, "authorize_url": self.platform.url,
                  "callback_token": CALLBACK_TOKEN, "encoding_aes_key": AES_KEY,
                  "verify_files": ["MP_verify_closed.txt=closed", "MP_verify_a1B2.txt=a1B2"]}
        try:
            super().__init__(**{f"wechat__{name}": value for name, value in wechat.items()} | settings)
        except BaseException:
            self.platform.__exit__()
            raise

    def stop(self):
        try:
            super().stop()
        finally:
            self.platform.__exit__()

    def sql(self, statement):
        """Runs a statement beside the server; the one value of what it selects."""
        command = ["mariadb", "--no-defaults", "--socket", str(self.stack.mysql_socket), "--user", "zhonglou_migrate",
                   "--database", "zhonglou", "--skip-column-names", "--batch", "--execute", statement]
        password = {"MYSQL_PWD": self.stack.secret("mysql_migrate_password")}
        result = subprocess.run(command, env=os.environ | password, check=True, capture_output=True, text=True)
        return result.stdout.strip()

    def browser(self):
        return Browser(self)

    def exchanges(self):
        """How many web codes the platform was asked about."""
        return self.platform.account.requests["/sns/oauth2/access_token"]


class WechatTownCase(TownCase):
    @classmethod
    def start_town(cls, **settings):
        TownCase.town = WechatTown(**settings)


class Browser:
    """Keeps cookies and follows nothing by itself; calls of the town are held against the contract."""

    def __init__(self, town):
        self.town = town
        self.client = town.client()
        self.cookies = {}

    def get(self, path, **kwargs):
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()) or None}
        answer = self.client.get(path, headers=headers | kwargs.pop("headers", {}), **kwargs)
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer

    def begin(self, return_to=None):
        """Begins a login; the platform's page that the browser is sent to."""
        query = "" if return_to is None else "?" + urllib.parse.urlencode({"return_to": return_to})
        answer = self.get("/login/wechat" + query)
        if answer.status != 302:
            raise AssertionError(f"expected 302, got {answer}")
        return answer.headers["Location"]

    def visit_platform(self, url):
        """What the platform's page answers: where it sends the browser, or its text."""
        address = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        try:
            connection.request("GET", f"{address.path}?{address.query}")
            response = connection.getresponse()
            text = response.read().decode()
            return response.headers["Location"] if response.status == 302 else text
        finally:
            connection.close()

    def come_back(self, **query):
        return self.get(RETURN_PATH + "?" + urllib.parse.urlencode(query))

    def follow(self, location):
        """Comes back from the platform by the address that it gave."""
        address = urllib.parse.urlsplit(location)
        return self.get(f"{address.path}?{address.query}")

    def log_in(self, openid, return_to=None):
        """The whole way, silently; the last answer."""
        self.town.platform.visit_as(openid)
        return self.follow(self.visit_platform(self.begin(return_to)))

    def me(self):
        return self.get("/me")


def state_of(platform_url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(platform_url).query))["state"]
