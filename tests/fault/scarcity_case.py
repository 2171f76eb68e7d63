"""While something has run out parents press, cancel and press again; what they are told is judged, and when it is over everything
works again by the same server process."""

import asyncio
import pathlib
import shutil
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from judge_tool import verdict
from judge_tool.api import Api
from judge_tool.history import Recorder, now_ms
from judge_tool.ledger import Ledger
from judge_tool.parents import Parents
from scene import HOLD_TTL_MS, PATIENCE_S, FaultCase
from town import eventually, fresh

FAMILIES = 16
CALM_S = 0.5
LASTS_S = 2  # at least, and until somebody was told
POLL_S = 0.05
HEAL_MS = HOLD_TTL_MS + 6_000


def text_from(path, place):
    with path.open(encoding="utf-8") as file:
        file.seek(place)
        return file.read()


class ScarcityCase(FaultCase):
    def setUp(self):
        super().setUp()
        self.pid = self.stack.server.pid
        self.probe = self.town.client()
        eventually(lambda: self.probe.get("/readyz").status == 200, what="/readyz 200")
        self.wait_until_everybody_is_served()

    def readiness(self):
        return self.probe.get("/readyz").status

    def survives(self, what, fault, told, during=None):
        """Parents press in calm, during the fault and afterwards. Some were told `told` (a status, and a code) during it, and a
        judge finds nothing wrong. `during` is called while it lasts."""
        programme = self.town.programme(max_per_attendee=2, max_per_user=3, forbid_overlap=True, cancel_hours=24)
        activities = [self.town.activity(programme, capacity, starts_in=24 * 20 + hour)["id"]
                      for capacity, hour in ((6, 0), (9, 4))]
        folder = pathlib.Path(tempfile.mkdtemp(prefix="zl-"))
        self.addCleanup(shutil.rmtree, folder)
        recorder = Recorder(folder / "history.jsonl", hold_ttl_ms=HOLD_TTL_MS)
        try:
            self.press(activities, recorder, what, fault, told, during)
        finally:
            recorder.close()
        found = self.judged(recorder.path)
        self.assertEqual(found.violations, [], found.text())
        self.assertFalse(found.tested_nothing, found.text())
        self.assertIn(told, found.counts["answers"], found.text())
        self.wait_until_everybody_is_served()
        self.assertTrue(self.stack.server.running())
        self.assertEqual(self.stack.server.pid, self.pid)
        return found

    def press(self, activities, recorder, what, fault, told, during):
        parents = Parents(fresh("scarcity-"), FAMILIES, activities, lambda: [self.town.url], recorder)
        logged_in, over, healed = threading.Event(), threading.Event(), threading.Event()

        async def until_it_is_over():
            while not over.is_set():
                await asyncio.sleep(POLL_S)
            await asyncio.sleep(CALM_S)

        async def live():
            try:
                await parents.log_in()
            finally:
                logged_in.set()
            await parents.press_until(until_it_is_over(), healed)

        with ThreadPoolExecutor(1) as pool:
            pressing = pool.submit(asyncio.run, live())
            try:
                logged_in.wait()
                time.sleep(CALM_S)
                at, before = now_ms(), recorder.path.stat().st_size
                with fault:
                    ends = time.monotonic() + LASTS_S
                    if during:
                        during()
                    time.sleep(max(0.0, ends - time.monotonic()))
                    eventually(lambda: f'"status": {told.split()[0]}' in text_from(recorder.path, before), PATIENCE_S,
                               f"an answer of {told}")
                    over.set()
                recorder.fault(what, at, now_ms())
                eventually(lambda: self.readiness() == 200, what="/readyz 200")
            finally:
                over.set()
                healed.set()
            pressing.result()

    def judged(self, history):
        admin = Api(self.town.url)
        admin.log_in_admin(self.stack.admin_username, self.stack.admin_password)
        self.addCleanup(admin.close)
        ledger = Ledger(self.stack.mysql_socket, "zhonglou_migrate", self.stack.secret("mysql_migrate_password"))
        return verdict.judge(verdict.Places(ledger, self.stack.redis_socket, [self.town.url], admin), [history], HEAL_MS, 100)
