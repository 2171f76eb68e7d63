"""MySQL answers with an error that no store expects: a table is away for a while. Who keeps the gates and follows what others
change fails, and goes on once it is back, without a restart."""

import re

from scarcity import Operator
from scene import PATIENCE_S, SETTINGS, FaultCase
from town import eventually

TABLES = {"reconcile": "leases", "follow_changes": "changes"}  # that a task can't do without


def setUpModule():
    FaultCase.start_town(**SETTINGS)


def tearDownModule():
    FaultCase.stop_town()


class ATableThatIsAway(FaultCase):
    def setUp(self):
        super().setUp()
        self.operator = Operator(self.stack)
        self.addCleanup(self.operator.close)

    def test_ends_no_task_for_good(self):
        other = self.stack.start_server()
        self.addCleanup(other.stop)
        for table in TABLES.values():
            self.operator.run(f"RENAME TABLE zhonglou.{table} TO zhonglou.{table}_away")
        for task in TABLES:
            eventually(lambda task=task: f"task_failed task={task}" in self.stack.server.log(10_000), PATIENCE_S, task)
        for table in TABLES.values():
            self.operator.run(f"RENAME TABLE zhonglou.{table}_away TO zhonglou.{table}")

        before = self.passes_made(other)
        eventually(lambda: self.passes_made(other) > before, PATIENCE_S, "a pass of the reconciler")
        # What the other server publishes is heard of here.
        self.town.admin.move(other.url)
        self.addCleanup(self.town.admin.move, self.town.url)
        activity = self.town.activity(self.town.programme(), 1)
        eventually(lambda: self.town.client().get(f"/activities/{activity['id']}").status == 200, PATIENCE_S, "the activity")

    def passes_made(self, *servers):
        """By all of them: one has the turn."""
        texts = [self.town.client(url=server.url).get("/metrics").body.decode() for server in (self.stack.server, *servers)]
        return sum(float(re.search(r"^zhonglou_reconcile_passes_total (\S+)$", text, re.MULTILINE)[1]) for text in texts)
