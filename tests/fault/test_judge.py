"""loadtest/judge as a command, on real stores: a clean run passes, and what is changed behind the server's back is found."""

import json
import pathlib
import subprocess
import tempfile

from judge_tool.api import Api
from judge_tool.history import Recorder, now_ms
from judge_tool.refill import answer_facts
from scene import FaultCase
from stores import Ledger
from support.stack import SOURCE_DIR
from town import eventually, key

CAPACITY = 4
FAMILIES = 3


def setUpModule():
    FaultCase.start_town()
    # It is always somebody else's turn to reconcile: what is doctored stays.
    Ledger(FaultCase.town.stack).rows("UPDATE leases SET name = CONCAT('no ', name)")


def tearDownModule():
    FaultCase.stop_town()


class Judging(FaultCase):
    """A run of a few families, who book, book again, are refused and cancel."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="zl-")
        self.addCleanup(folder.cleanup)
        self.history = pathlib.Path(folder.name) / "history.jsonl"
        self.recorder = Recorder(self.history)
        self.programme = self.town.programme(max_per_attendee=1, max_per_user=2)
        self.activity = self.town.activity(self.programme, CAPACITY)
        self.booked = [self.run_of_a_family() for _ in range(FAMILIES)]

    def run_of_a_family(self):
        """The booking that they keep."""
        parent, child = self.town.family()
        api = Api(self.town.url)
        api.token = parent.token
        self.addCleanup(api.close)
        wanted = key()
        first = self.book(api, parent, child, wanted)
        self.assertEqual(self.book(api, parent, child, wanted)["id"], first["id"])
        self.assertEqual(self.book(api, parent, child, key())["code"], "already_booked")
        self.cancel(api, parent, first["id"])
        # The gate hears of the cancellation after its holder.
        return eventually(lambda: self.book(api, parent, child, key()).get("id"), what="the second booking")

    def book(self, api, parent, child, wanted):
        number = self.recorder.invoked("book", parent.me["id"], api.url, attendee=child["id"], activity=self.activity["id"],
                                       key=wanted)
        return self.answered(number, api.call("POST", f"/activities/{self.activity['id']}/bookings",
                                              {"attendee_id": child["id"]}, {"Idempotency-Key": wanted}))

    def cancel(self, api, parent, booking):
        number = self.recorder.invoked("cancel", parent.me["id"], api.url, booking=booking)
        self.answered(number, api.call("DELETE", f"/bookings/{booking}"))

    def answered(self, number, answer):
        self.recorder.ended(number, "answered", **answer_facts(*answer))
        return answer[2]

    def judge(self, *options):
        self.recorder.close()
        return subprocess.run(
            [SOURCE_DIR / "loadtest/judge", "--history", self.history, "--mysql-socket", self.stack.mysql_socket,
             "--mysql-password-file", self.stack.folder / "secrets/mysql_migrate_password",
             "--redis-socket", self.stack.redis_socket, "--url", self.town.url,
             "--admin-password-file", self.stack.folder / "secrets/admin_password", "--heal-s", "0.5", *options],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def finds(self, *rules):
        result = self.judge()
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        for rule in rules:
            self.assertIn(f"VIOLATION {rule}: ", result.stdout)


class TheCommand(Judging):
    def test_a_clean_run_passes_and_is_counted(self):
        result = self.judge()
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        for line in ("bookings in the ledger               7", f"  cancelled                          {FAMILIES}",
                     "audit entries                        10", "free seats booked by strangers       1, "):
            self.assertIn(line, result.stdout)
        self.assertEqual(self.ledger.sold(self.programme["id"]), CAPACITY)

    def test_a_run_that_asked_for_nothing_is_not_a_success(self):
        self.recorder.close()
        self.recorder = Recorder(self.history)
        self.assertEqual(self.judge().returncode, 2)

    def test_a_history_that_can_t_be_read_is_told(self):
        self.history.write_text("nonsense\nnonsense\n")
        result = self.judge()
        self.assertEqual(result.returncode, 2)
        self.assertIn("can't be judged", result.stderr)

    def test_a_booking_that_is_lost_is_found(self):
        self.ledger.rows(f"DELETE FROM bookings WHERE id = X'{self.booked[0]}'")
        self.finds("what was told exists", "confirmed <= capacity", "the gate agrees with the ledger",
                   "the audit tells the same story")

    def test_a_booking_from_nowhere_is_found(self):
        self.ledger.rows(
            "SET foreign_key_checks = 0; "  # whoever holds it is nobody either
            "INSERT INTO bookings (id, activity_id, programme_id, party_id, user_id, state, active, grant_number, arrival, "
            "decided_at, opens_at, remaining, created_at) SELECT RANDOM_BYTES(16), activity_id, programme_id, "
            "RANDOM_BYTES(16), user_id, 1, 1, 0, 0, decided_at, opens_at, 0, created_at FROM bookings "
            f"WHERE id = X'{self.booked[0]}'")
        self.finds("nothing that was denied exists", "confirmed <= capacity", "the audit tells the same story")

    def test_a_booking_that_is_cancelled_behind_its_holder_s_back_is_found(self):
        self.ledger.rows(f"UPDATE bookings SET state = 4, active = NULL, cancelled_at = created_at WHERE id = X'{self.booked[0]}';"
                         f"UPDATE activity_seats SET seats_taken = seats_taken - 1 WHERE activity_id = X'{self.activity['id']}'")
        self.finds("cancelled by its holder alone")

    def test_a_seat_that_the_gate_does_not_give_is_found(self):
        self.ledger.rows(f"UPDATE activity_seats SET capacity = capacity + 1 WHERE activity_id = X'{self.activity['id']}'")
        self.finds("settling", "lost seats", "the gate agrees with the ledger")

    def finds_a_change_of_the_audit(self, change, back):
        """The audit is everybody's: it is put back."""
        row = f"action = 'activity.publish' AND subject = X'{self.activity['id']}'"
        self.ledger.rows(f"UPDATE audit SET {change} WHERE {row}")
        try:
            self.finds("the audit's chains are whole")
        finally:
            self.ledger.rows(f"UPDATE audit SET {back} WHERE {row}")

    def test_an_audit_row_that_was_taken_out_of_its_chain_is_found_though_it_tells_of_no_booking(self):
        move = "chain_id = REVERSE(chain_id)"
        self.finds_a_change_of_the_audit(move, move)

    def test_an_audit_row_that_was_changed_is_found(self):
        self.finds_a_change_of_the_audit("address = CONCAT('x', address)", "address = SUBSTR(address, 2)")

    def close(self):
        """The station cancels the activity; what it was told is recorded."""
        api = Api(self.town.url)
        api.token = self.town.admin.token
        self.addCleanup(api.close)
        number = self.recorder.invoked("close", "office", api.url, activity=self.activity["id"])
        status, _, answer = api.call("POST", f"/admin/activities/{self.activity['id']}/cancel", {"reason": "storm"})
        self.recorder.ended(number, "answered", status=status, code=answer.get("code"), retry_after=False)

    def refuse(self, parent, child, code, status=409):
        """What nobody told: an answer that is only in the history."""
        number = self.recorder.invoked("book", parent.me["id"], self.town.url, attendee=child["id"],
                                       activity=self.activity["id"], key=key())
        self.recorder.ended(number, "answered", status=status, code=code, retry_after=False,
                            violations=[{"code": code, "provisional": False}])

    def test_a_refusal_after_the_station_cancelled_the_activity_passes(self):
        parent, child = self.town.family()
        api = Api(self.town.url)
        api.token = parent.token
        self.addCleanup(api.close)
        self.close()
        self.assertEqual(self.book(api, parent, child, key())["code"], "closed")
        result = self.judge()
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_a_refusal_by_a_cancellation_that_was_still_to_come_is_found(self):
        self.refuse(*self.town.family(), "closed")
        told_at = json.loads(self.history.read_text().splitlines()[-1])["at"]
        eventually(lambda: now_ms() > told_at, what="the next millisecond")
        self.close()
        self.finds("refusals were true when given")

    def test_refusals_by_a_time_and_an_age_that_do_not_forbid_it_are_found(self):
        for code, status in (("closed", 409), ("not_open", 409), ("ineligible", 403)):
            self.refuse(*self.town.family(), code, status)
        result = self.judge()
        for code in ("closed", "not_open", "ineligible"):
            self.assertRegex(result.stdout, f"VIOLATION refusals were true when given: request [0-9]+ was told {code}, ")

    def test_a_server_that_is_away_is_told(self):
        self.assertEqual(self.judge("--url", "http://127.0.0.1:1").returncode, 2)
