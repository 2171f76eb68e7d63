"""A town to test in: a running stack, and short ways to the stations, activities and families that a test needs."""

import datetime
import itertools
import time
import unittest

from client import Client, done, made
from support.stack import Stack

UNKNOWN_ID = "f" * 32
TOWN_TIME = datetime.timezone(datetime.timedelta(hours=8))
PASSWORD = "zhonglou-demo"
CHECK_IN_EARLY_MINUTES = 43_200
SETTINGS = {
    "check_in__check_in_early_minutes": CHECK_IN_EARLY_MINUTES,
    "metrics__on_main_listener": True,
    "http__rate_user_per_s": 100_000,
    "http__rate_user_burst": 100_000,
}

_numbers = itertools.count(1)


def fresh(prefix):
    """A name that no other thing of this run has."""
    return f"{prefix}{next(_numbers)}"


def key():
    return fresh("test-key-")


def now():
    return datetime.datetime.now(TOWN_TIME)


def instant(moment):
    return moment.isoformat(timespec="milliseconds")


def in_hours(hours):
    return instant(now() + datetime.timedelta(hours=hours))


def parse_instant(text):
    return datetime.datetime.fromisoformat(text)


def eventually(condition, seconds=20, what="the condition", pause_s=0.05):
    """The first true value of `condition`, asked again and again, with a pause between, until the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds} s")
        time.sleep(pause_s)


def at(day, hour, minute=0):
    return datetime.datetime.combine(day, datetime.time(hour, minute), TOWN_TIME)


def session(start, minutes=60):
    return {"starts_at": instant(start), "ends_at": instant(start + datetime.timedelta(minutes=minutes)), "venue": ""}


class Town:
    """A running stack with a town admin and two stations, and short ways to what a test needs."""

    def __init__(self, **settings):
        self.clients = []
        self.stack = Stack(**SETTINGS, **settings)
        self.url = self.stack.url
        try:
            self.admin = self.admin_login(self.stack.admin_username, self.stack.admin_password)
            self.station = self.new_station()
            self.other_station = self.new_station()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        for client in self.clients:
            client.close()
        self.stack.stop()

    def move(self, url):
        """The town's server is at this address from now on."""
        self.url = url
        self.admin.move(url)

    def client(self, token=None, url=None):
        client = Client(url or self.url, token)
        self.clients.append(client)
        return client

    def admin_login(self, username, password=PASSWORD):
        client = self.client()
        client.token = done(client.post("/admin/login", {"username": username, "password": password}))["token"]
        return client

    def account(self, role, station=None):
        """An admin account of that role, logged in; `me` is what the list of accounts says."""
        username = fresh(role.replace("_", "-") + "-")
        body = {"username": username, "password": PASSWORD, "role": role}
        if station:
            body["station_id"] = station["id"]
        account = made(self.admin.post("/admin/users", body))
        client = self.admin_login(username)
        client.me = account
        return client

    def parent(self, openid=None):
        client = self.client()
        openid = openid or fresh("parent-")
        login = done(client.post("/login/dev", {"openid": openid, "nickname": openid}))
        client.token = login["token"]
        client.me = login["user"]
        return client

    def child(self, parent, birth_date="2016-05-05", name=None):
        body = {"name": name or fresh("孩子"), "birth_date": birth_date, "relation": "parent"}
        return made(parent.post("/me/attendees", body))

    def family(self, birth_date="2016-05-05"):
        """A parent and their child."""
        parent = self.parent()
        return parent, self.child(parent, birth_date)

    def new_station(self, parent=None):
        body = {"name": fresh("服务站"), "area": "城南"}
        if parent:
            body["parent_id"] = parent["id"]
        return made(self.admin.post("/admin/stations", body))

    def programme(self, station=None, opens_in=-1, closes_in=24 * 300, **rules):
        """`opens_in` and `closes_in` are hours from now."""
        body = {"station_id": (station or self.station)["id"], "title": fresh("批次"), "opens_at": in_hours(opens_in),
                "closes_at": in_hours(closes_in), "rules": rules}
        return made(self.admin.post("/admin/programmes", body))

    def draft(self, programme, capacity=10, starts_in=24 * 20, hours=1, **fields):
        """`starts_in` is hours from now; `sessions` among the fields replaces the one session."""
        start = now() + datetime.timedelta(hours=starts_in)
        session = {"starts_at": instant(start), "ends_at": instant(start + datetime.timedelta(hours=hours)),
                   "venue": "手工室"}
        body = {"programme_id": programme["id"], "kind": "class", "title": fresh("活动"), "age_min": 0, "age_max": 150,
                "capacity": capacity, "sessions": [session], **fields}
        return made(self.admin.post("/admin/activities", body))

    def publish(self, activity):
        done(self.admin.post(f"/admin/activities/{activity['id']}/publish"))
        public = self.client()
        return eventually(lambda: self._public(public, activity), what="publication")

    @staticmethod
    def _public(client, activity):
        answer = client.get(f"/activities/{activity['id']}")
        return answer.json if answer.status == 200 else None

    def activity(self, programme=None, capacity=10, **fields):
        return self.publish(self.draft(programme or self.programme(), capacity, **fields))

    def roster(self, activity, client=None):
        """All pages of an activity's roster."""
        return all_pages(client or self.admin, f"/admin/activities/{activity['id']}/roster")


def book(parent, activity, attendee, idempotency_key=None):
    return parent.post(f"/activities/{activity['id']}/bookings", {"attendee_id": attendee["id"]},
                       headers={"Idempotency-Key": idempotency_key or key()})


def all_pages(client, path, limit=200):
    items = []
    separator = "&" if "?" in path else "?"
    cursor = ""
    while cursor is not None:
        page = done(client.get(f"{path}{separator}limit={limit}" + (f"&cursor={cursor}" if cursor else "")))
        items += page["items"]
        cursor = page["next_cursor"]
    return items


def insist(parent, activity, attendee, refusal, idempotency_key=None):
    """Presses with one key until the answer is another than this refusal."""
    wanted = idempotency_key or key()

    def press():
        answer = book(parent, activity, attendee, wanted)
        return None if answer.code == refusal else answer

    return eventually(press, what=f"an answer other than {refusal}")


class TownCase(unittest.TestCase):
    """A test in a town; the module's setUpModule starts it and puts it here."""

    town = None
    maxDiff = None

    def refused(self, answer, status, code):
        """The answer is this problem; hands it out."""
        self.assertEqual((answer.status, answer.code), (status, code), str(answer))
        return answer.json

    def invalid(self, answer, pointer=None):
        problem = self.refused(answer, 400, "invalid_request")
        if pointer is not None:
            self.assertIn(pointer, [error["pointer"] for error in problem.get("errors", [])], str(answer))
        return problem

    def rule_broken(self, answer, *codes):
        """The refusal names exactly these rules, weightiest first; hands the violations out by code."""
        status = 403 if codes[0] == "ineligible" else 409
        problem = self.refused(answer, status, codes[0])
        self.assertEqual(answer.violations, list(codes), str(answer))
        return {violation["code"]: violation for violation in problem["violations"]}

    def remaining(self, activity):
        return done(self.town.client().get(f"/activities/{activity['id']}"))["remaining"]

    def wait_remaining(self, activity, seats):
        eventually(lambda: self.remaining(activity) == seats, what=f"{seats} seats remaining")

    @classmethod
    def start_town(cls, **settings):
        TownCase.town = Town(**settings)

    @classmethod
    def stop_town(cls):
        town, TownCase.town = TownCase.town, None
        town.stop()


class Unchanged(TownCase):
    """A test after which the town must be as it was before."""

    @classmethod
    def setUpClass(cls):
        town = cls.town
        cls.point = town.new_station(town.station)
        cls.programme = town.programme()
        cls.activity = town.activity(cls.programme)
        cls.parent, cls.child = town.family()
        cls.booking = made(book(cls.parent, cls.activity, cls.child))

    def setUp(self):
        before = self.state()
        self.addCleanup(lambda: self.assertEqual(self.state(), before))

    def state(self):
        admin = self.town.admin
        paths = ("stations", "programmes", "activities", "users")
        things = {path: all_pages(admin, f"/admin/{path}") for path in paths}
        for activity in things["activities"]:
            del activity["server_time"], activity["remaining"]
        things["me"] = done(self.parent.get("/me"))
        things["bookings"] = all_pages(self.parent, "/me/bookings")
        things["roster"] = self.town.roster(self.activity)
        return things
