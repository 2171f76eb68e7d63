"""The worst that a network between the server and its stores can do; bad_network.py knows the rest."""

from bad_network import BadNetwork, setUpModule, tearDownModule  # noqa: F401 (unittest looks for them here)
from support.tcp_gate import Fault


class Redis(BadNetwork):
    def test_silence(self):
        self.survives("redis", Fault.SILENCE)

    def test_delay(self):
        self.survives("redis", Fault.DELAY)

    def test_answers_that_arrive_late(self):
        self.survives("redis", Fault.ANSWERS_HELD)

    def test_half_replies(self):
        self.survives("redis", Fault.HALF_REPLY, 0.5)


class MySql(BadNetwork):
    def test_silence(self):
        self.survives("mysql", Fault.SILENCE)

    def test_trickle(self):
        self.survives("mysql", Fault.TRICKLE)

    def test_answers_that_arrive_late(self):
        self.survives("mysql", Fault.ANSWERS_HELD)

    def test_reset_instead_of_commit(self):
        self.survives("mysql", Fault.RESET_BEFORE_COMMIT, 0.5)

    def test_reset_after_commit_was_sent(self):
        self.survives("mysql", Fault.RESET_AFTER_COMMIT, 0.5)

    def test_mysql_is_away_for_longer_than_an_unanswered_commit_is_followed_up(self):
        self.survives("mysql", Fault.AWAY_AFTER_COMMIT)
