"""What the clients of a fault test ask for and are told is recorded as it happens, whoever they are, and loadtest/judge looks at
all of it when a class of tests has ended."""

import http.client
import json
import pathlib
import re
import tempfile

from client import Client
from judge_tool import verdict
from judge_tool.api import Api
from judge_tool.history import Recorder
from judge_tool.ledger import Ledger, id_list
from judge_tool.refill import answer_facts
from town import Town

HEAL_MS = 15_000  # a hold of some seconds, the turn that a killed reconciler keeps for five, and some for a busy machine

# What changes seats, by method and path; the rest is nobody's history.
KINDS = {"book": re.compile(r"POST /api/v1/activities/(?P<activity>\w+)/bookings"),
         "cancel": re.compile(r"DELETE /api/v1/bookings/(?P<booking>\w+)"),
         "publish": re.compile(r"POST /api/v1/admin/activities/(?P<activity>\w+)/publish"),
         "close": re.compile(r"POST /api/v1/admin/activities/(?P<activity>\w+)/cancel")}
PROGRAMMES = "/api/v1/admin/programmes"

# The one rule that a history of some clients can't be held against.
NEEDS_ALL_CLIENTS = "nothing that was denied exists: booking "


class Witness:
    """The history of one class after the other."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="zl-")
        self.own = set()  # programmes that were made here, so that every client is recorded; others are those of zhonglou-rush
        self.ignored = set()  # activities that a test changes behind the server's back: refusals can't be held against them
        self.recorder = None
        self.begin()

    def begin(self):
        if self.recorder:
            self.recorder.close()
        self.recorder = Recorder(pathlib.Path(self._folder.name) / "history.jsonl")
        self.expected = False  # somebody was to press
        self.saw_presses = False

    def close(self):
        self.recorder.close()
        self._folder.cleanup()

    def invoked(self, client, kind, facts, data, headers):
        """The request's number."""
        if kind == "book":
            self.saw_presses = True
            facts |= {"attendee": json.loads(data)["attendee_id"], "key": headers["Idempotency-Key"]}
        return self.recorder.invoked(kind, client.me["id"] if kind in ("book", "cancel") else "office", client.url, **facts)

    def judge(self, town, whose):
        """Fails where anything is wrong, or nothing was tested."""
        found = self.verdict(town)
        if found and (found.violations or found.tested_nothing):
            raise AssertionError(f"{whose} is judged:\n{found.text()}")

    def verdict(self, town):
        """On everything since it began; none where nobody was to press, or did. No strangers book what is free: prove_healed()
        has done that, by clients that are in the history, and some tests leave thousands of seats."""
        if not (self.expected or self.saw_presses):
            return None
        self.recorder.close()
        stack = town.stack
        ledger = Ledger(stack.mysql_socket, "zhonglou_migrate", stack.secret("mysql_migrate_password"))
        admin = Api(town.url)
        admin.token = town.admin.token
        try:
            found = verdict.judge(verdict.Places(ledger, stack.redis_socket, [town.url], admin), [self.recorder.path], HEAL_MS,
                                  refill_limit=0)
        finally:
            admin.close()
        not_all_seen = tuple(f"{NEEDS_ALL_CLIENTS}{row[0][:8]} " for row in ledger.rows(
            f"SELECT LOWER(HEX(id)) FROM bookings WHERE programme_id NOT IN ({id_list(self.own)})"))
        found.violations = [fault for fault in found.violations if not fault.startswith(not_all_seen)]
        return found


class RecordedClient(Client):
    def __init__(self, witness, url, token=None, headers=None):
        super().__init__(url, token, headers)
        self._witness = witness

    def on(self, url):
        other = RecordedClient(self._witness, url, self.token, self.headers)
        other.me = self.me
        return other

    def _exchange(self, method, path, data, headers):
        for kind, pattern in KINDS.items():
            match = pattern.fullmatch(f"{method} {path.partition('?')[0]}")
            if match and self._witness.ignored.isdisjoint(match.groups()):
                return self._recorded(kind, match.groupdict(), (method, path, data, headers))
        answer = super()._exchange(method, path, data, headers)
        if method == "POST" and path == PROGRAMMES and answer.status == 201:
            self._witness.own.add(answer.json["id"])
        return answer

    def _recorded(self, kind, facts, request):
        _, _, data, headers = request
        number = self._witness.invoked(self, kind, facts, data, headers)
        recorder = self._witness.recorder
        try:
            answer = super()._exchange(*request)
        except ConnectionRefusedError:
            recorder.ended(number, "not_sent")
            raise
        except TimeoutError:
            recorder.ended(number, "timed_out")
            raise
        except (OSError, http.client.HTTPException):
            recorder.ended(number, "connection_lost")
            raise
        recorder.ended(number, "answered", **told(kind, answer))
        return answer


def told(kind, answer):
    if kind in ("book", "cancel"):
        return answer_facts(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.json)
    return {"status": answer.status, "code": answer.code, "retry_after": answer.headers["Retry-After"] is not None}


class Witnessed:
    """A town whose clients are all recorded; before its kind among the bases."""

    def __init__(self, **settings):
        self.witness = Witness()
        super().__init__(**settings)

    def stop(self):
        super().stop()
        self.witness.close()

    def client(self, token=None, url=None):
        client = RecordedClient(self.witness, url or self.url, token)
        self.clients.append(client)
        return client


class WitnessedTown(Witnessed, Town):
    pass
