"""HTTP/1.1 by hand, so that the client knows what became of a request: not sent, timed out, lost, or answered."""
from __future__ import annotations

import asyncio
import dataclasses
import json
import urllib.parse

HEADER_LIMIT = 65_536


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    json: dict


class NotSent(Exception):
    """No byte of the request has left."""


class Lost(Exception):
    """The connection ended after the request had begun, and before the answer was complete."""


class Link:
    """One kept-alive connection to whichever server is asked; one request at a time."""

    def __init__(self):
        self._url = ""
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def call(self, url: str, method: str, path: str, token: str | None, body: dict | None = None,
                   key: str | None = None, timeout_s: float = 20) -> Answer:
        """Raises NotSent, Lost, or TimeoutError; after each the next call connects anew."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._connect(url)
                return await self._exchange(request_bytes(url, method, path, token, body, key))
        except BaseException:
            self.close()
            raise

    async def _connect(self, url: str) -> None:
        if self._writer is not None and url == self._url and not self._reader.at_eof():
            return
        self.close()
        address = urllib.parse.urlsplit(url)
        try:
            self._reader, self._writer = await asyncio.open_connection(address.hostname, address.port, limit=HEADER_LIMIT)
        except OSError as error:
            raise NotSent(str(error)) from error
        self._url = url

    async def _exchange(self, request: bytes) -> Answer:
        try:
            self._writer.write(request)
            await self._writer.drain()
            head = await self._reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
            headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        except (OSError, EOFError) as error:
            raise Lost(f"{type(error).__name__} {error}") from error
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(int(first.split()[1]), headers, json.loads(body or b"{}"))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


def request_bytes(url: str, method: str, path: str, token: str | None, body: dict | None, key: str | None) -> bytes:
    data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    lines = [f"{method} /api/v1{path} HTTP/1.1", f"Host: {urllib.parse.urlsplit(url).netloc}", "Accept-Language: en"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if key:
        lines.append(f"Idempotency-Key: {key}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data
