"""A client that holds every answer against the contract."""

import http.client
import json
import urllib.parse

from contract import Contract

CONTRACT = Contract()
REQUEST_TIMEOUT_S = 60


class Answer:
    """A response that was read to its end."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("code") if self.status >= 400 else None

    @property
    def violations(self):
        return [violation["code"] for violation in self.json["violations"]]

    @property
    def etag(self):
        return self.headers["ETag"]

    def __str__(self):
        return f"{self.status} {self.body[:600].decode('utf-8', 'replace')}"


class Client:
    """One caller on one kept-alive connection."""

    def __init__(self, url, token=None, headers=None):
        self.url = url
        self.address = urllib.parse.urlsplit(url)
        self.token = token
        self.headers = headers or {}
        self.me = None
        self.connection = None

    def call(self, method, path, body=None, headers=None, data=None):
        """Sends `body` as JSON, or `data` as it is. Fails where the answer breaks the contract."""
        full = path if path.startswith(("/api/", "/problems/", "/MP_verify_", "/healthz", "/readyz", "/metrics")) else "/api/v1" + path
        sent = dict(self.headers)
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
        if data is not None:
            sent["Content-Type"] = "application/merge-patch+json" if method == "PATCH" else "application/json"
        sent.update(headers or {})
        answer = self._exchange(method, full, data, {k: v for k, v in sent.items() if v is not None})
        faults = CONTRACT.faults(method, full, answer)
        if faults:
            raise AssertionError(f"{method} {full} → {answer}\n  " + "\n  ".join(faults))
        return answer

    def _exchange(self, method, path, data, headers):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(
                self.address.hostname, self.address.port, timeout=REQUEST_TIMEOUT_S)
        try:
            self.connection.request(method, path, body=data, headers=headers)
            answer = Answer(self.connection.getresponse())
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if answer.headers.get("Connection", "").lower() == "close":
            self.close()
        return answer

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def move(self, url):
        """The same caller at this address from now on."""
        if self.url != url:
            self.close()
            self.url = url
            self.address = urllib.parse.urlsplit(url)

    def get(self, path, **kwargs):
        return self.call("GET", path, **kwargs)

    def post(self, path, body=None, **kwargs):
        return self.call("POST", path, body, **kwargs)

    def patch(self, path, body, etag=None, **kwargs):
        headers = {"If-Match": etag} if etag else {}
        return self.call("PATCH", path, body, headers={**headers, **kwargs.pop("headers", {})}, **kwargs)

    def delete(self, path, **kwargs):
        return self.call("DELETE", path, **kwargs)

    def on(self, url):
        """The same caller at another server process."""
        other = Client(url, self.token, self.headers)
        other.me = self.me
        return other


def made(answer):
    """What a creating call has made."""
    if answer.status != 201:
        raise AssertionError(f"expected 201, got {answer}")
    return answer.json


def done(answer):
    if answer.status != 200:
        raise AssertionError(f"expected 200, got {answer}")
    return answer.json
