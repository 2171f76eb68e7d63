"""The HTTP contract as a judge needs it: one caller on one kept-alive connection, blocking."""
from __future__ import annotations

import http.client
import json
import time
import urllib.parse

TIMEOUT_S = 20
PAUSE_S = 0.05


class Failed(Exception):
    """The server gave no answer, or none that helps; the text says what."""


class Api:
    """`token` is whose calls these are; log_in_admin and log_in_parent set it."""

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S):
        self.url = url
        self._timeout_s = timeout_s
        self.token: str | None = None
        self._address = urllib.parse.urlsplit(url)
        self._connection: http.client.HTTPConnection | None = None

    def call(self, method: str, path: str, body: dict | None = None, headers: dict | None = None) -> tuple[int, dict, dict]:
        """Status, headers by lower-case name, JSON. Raises OSError or HTTPException where there is no answer."""
        sent = {"Accept-Language": "en"} | (headers or {})
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        data = None
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            data = json.dumps(body)
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._address.hostname, self._address.port,
                                                          timeout=self._timeout_s)
        try:
            self._connection.request(method, f"/api/v1{path}", data, sent)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if answer.will_close:
            self.close()
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, json.loads(content or b"{}")

    def demand(self, method: str, path: str, body: dict | None = None) -> dict:
        """The JSON of a call that has to succeed, though not at once: after an outage some may still be told to come back."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                status, _, answer = self.call(method, path, body)
            except (OSError, http.client.HTTPException) as error:
                # A connection that was idle for long is closed by the server; reading again does no harm.
                if method != "GET" or time.monotonic() > deadline:
                    raise Failed(f"{method} {path}: {type(error).__name__} {error}") from error
                time.sleep(PAUSE_S)
                continue
            if status in (200, 201):
                return answer
            if status != 503 or time.monotonic() > deadline:
                raise Failed(f"{method} {path} was answered {status} {answer.get('code')}")
            time.sleep(PAUSE_S)

    def log_in_admin(self, username: str, password: str) -> None:
        self.token = self.demand("POST", "/admin/login", {"username": username, "password": password})["token"]

    def log_in_parent(self, openid: str) -> dict:
        login = self.demand("POST", "/login/dev", {"openid": openid, "nickname": openid})
        self.token = login["token"]
        return login["user"]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
