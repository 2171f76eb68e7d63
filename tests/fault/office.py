"""A station's office during a round: it changes capacities, publishes and cancels activities while things break, and what
it asked for and was told is recorded like what parents do."""

import http.client
import json
import random
import threading
import time

from judge_tool.api import Api

TIMEOUT_S = 4
PAUSE_S = 0.1
ADMIN = "/admin/activities"


class Office:
    """One clerk, who does one thing after the other, again until it is done, is refused, or there is no more time. `where()`
    gives the addresses that may answer now."""

    def __init__(self, seed, token, where, recorder, activities):
        self._choice = random.Random(f"office {seed}")
        self._token = token
        self._where = where
        self._recorder = recorder
        self._activities = activities  # ids, by their places
        self.done = 0

    def work(self, changes, began, healed: threading.Event):
        """Each change at its time; for what nobody has answered by then, until `healed`."""
        for change in changes:
            time.sleep(max(0.0, began + change.at_s - time.monotonic()))
            while not self._try(change) and not healed.is_set():
                time.sleep(PAUSE_S)

    def _try(self, change):
        """Whether there is a last word."""
        api = Api(self._choice.choice(self._where()), TIMEOUT_S)
        api.token = self._token
        try:
            return self._ask(api, change)
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return False
        finally:
            api.close()

    def _ask(self, api, change):
        activity = self._activities[change.place]
        if change.kind == "capacity":
            # By the version that is changed: what was sent before and never answered has no effect after this.
            status, headers, _ = api.call("GET", f"{ADMIN}/{activity}")
            if status != 200:
                return False
            return self._record(api, change, "PATCH", f"{ADMIN}/{activity}", {"capacity": change.capacity},
                                {"If-Match": headers["etag"], "Content-Type": "application/merge-patch+json"})
        if change.kind == "publish":
            return self._record(api, change, "POST", f"{ADMIN}/{activity}/publish", None, {})
        return self._record(api, change, "POST", f"{ADMIN}/{activity}/cancel", {"reason": "storm"}, {})

    def _record(self, api, change, method, path, body, headers):
        facts = {"capacity": change.capacity} if change.kind == "capacity" else {}
        number = self._recorder.invoked(change.kind, "office", api.url, activity=self._activities[change.place], **facts)
        try:
            status, answer_headers, answer = api.call(method, path, body, headers)
        except ConnectionRefusedError:
            self._recorder.ended(number, "not_sent")
            raise
        except TimeoutError:
            self._recorder.ended(number, "timed_out")
            raise
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            self._recorder.ended(number, "connection_lost")
            raise
        self._recorder.ended(number, "answered", status=status, code=answer.get("code"),
                             retry_after="retry-after" in answer_headers)
        self.done += status == 200
        # 409: more seats are taken, or the activity was cancelled meanwhile.
        return status in (200, 409)
