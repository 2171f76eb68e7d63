"""Who reaches what, as an attacker would try it: OWASP API Security Top 10 (2023), the parts about access.

Everything is generated from the contract and from the table in access_rules, which has to name the same routes as the
server itself lists: a new route without a rule fails.
"""

import collections
import re
import unittest

from access_rules import ANYONE, ROLES, RULES, USER, route_of
from client import CONTRACT, done, made
from town import UNKNOWN_ID, TownCase, all_pages, book, key
from wechat_town import WechatTownCase

LOGINS = ("adminLogin", "loginWechatReturn", "loginWechatMini")
SIGNED = ("checkWechatUrl", "takeWechatPush")
WRITES = ("POST", "PUT", "PATCH", "DELETE")


def setUpModule():
    WechatTownCase.start_town()


def tearDownModule():
    WechatTownCase.stop_town()


def call(operation, client, path=None, **kwargs):
    """A well-formed call; what `kwargs` says goes before."""
    headers = {"If-Match": "*", "Idempotency-Key": key(), **kwargs.pop("headers", {})}
    kwargs.setdefault("body", operation.example_body)
    path = path or operation.path(id=UNKNOWN_ID, code="closed")
    return client.call(operation.method, path, headers=headers, **kwargs)


class Routes(TownCase):
    """API5, broken function-level authorisation, and API9, routes that nobody knows of."""

    def test_every_route_that_the_server_has_has_a_rule(self):
        lines = done_text(self.town.client().get("/metrics"))
        served = {f"{method} {route}" for method, route in
                  re.findall(r'zhonglou_http_requests_total\{method="([A-Z]+)",route="([^"]+)",', lines)}
        self.assertEqual(served, set(RULES))
        self.assertEqual({route_of(operation) for operation in CONTRACT.operations}, set(RULES))

    def test_the_contract_names_the_same_roles(self):
        for operation in CONTRACT.operations:
            rule = RULES[route_of(operation)]
            self.assertEqual(operation.needs_login, "nobody" not in rule, str(operation))
            if operation.roles:
                self.assertEqual(set(operation.roles), set(rule), str(operation))

    def callers(self):
        """One of each kind, by its name."""
        town = self.town
        staff = {role: town.account(role, town.station if role in ("station_admin", "staff") else None) for role in ROLES}
        return staff | {"nobody": town.client(), "user": town.parent()}

    def test_each_caller_is_let_in_exactly_where_the_rule_says(self):
        callers = self.callers()
        for operation in CONTRACT.operations:
            if operation.name in (*LOGINS, *SIGNED, "logout"):
                continue  # the examples are nobody's, and it ends the token: see the two tests below
            rule = RULES[route_of(operation)]
            for caller, client in callers.items():
                with self.subTest(operation=str(operation), caller=caller):
                    answer = call(operation, client)
                    if caller in rule:
                        self.assertNotIn(answer.status, (401, 403), str(answer))
                    elif caller == "nobody":
                        self.refused(answer, 401, "unauthorized")
                    else:
                        self.refused(answer, 403, "forbidden")

    def test_a_token_makes_no_difference_where_something_else_counts(self):
        callers = self.callers()
        for operation in CONTRACT.operations:
            if operation.name not in (*LOGINS, *SIGNED):
                continue
            self.assertEqual(RULES[route_of(operation)], ANYONE)
            answers = {caller: call(operation, client) for caller, client in callers.items()}
            told = {caller: (answer.status, answer.code) for caller, answer in answers.items()}
            self.assertEqual(set(told.values()), {told["nobody"]}, f"{operation}: {told}")

    def test_everybody_who_is_logged_in_logs_out_and_nobody_else_does(self):
        for caller, client in self.callers().items():
            with self.subTest(caller=caller):
                answer = client.post("/logout")
                if caller == "nobody":
                    self.refused(answer, 401, "unauthorized")
                    continue
                self.assertEqual(answer.status, 204, str(answer))
                self.refused(client.post("/logout"), 401, "unauthorized")

    def test_doors_that_scanners_try_are_not_there(self):
        client = self.town.client()
        for path in ("/", "/.git/HEAD", "/.env", "/admin", "/debug/pprof/", "/actuator", "/server-status", "/api",
                     "/api/v1", "/api/v1/admin", "/api/v1/debug", "/api/v2/me", "/api/v1/users", "/openapi.json",
                     "/api/v1/admin/users/", "/API/V1/ME", "/api/v1/me%2f", "/api/v1/../v1/me", "/api/v1/./me",
                     "/api/v1/me;a=b", "//api/v1/me", "/api/v1/admin/login/", "/api/v1/%61dmin/users"):
            with self.subTest(path=path):
                answer = raw_answer(client, "GET", path)
                self.assertEqual(answer.status, 404, str(answer))

    def test_methods_that_show_or_tunnel_are_refused(self):
        for method in ("TRACE", "OPTIONS", "CONNECT", "PUT", "PROPFIND", "FOO"):
            with self.subTest(method=method):
                answer = raw_answer(self.town.client(), method, "/api/v1/me", {"X-HTTP-Method-Override": "GET"})
                self.assertEqual(answer.status, 405, str(answer))
                self.assertNotIn(b"Override", answer.body)
        overridden = self.town.client().get("/time", headers={"X-HTTP-Method-Override": "DELETE"})
        self.assertEqual(overridden.status, 200)


def raw_answer(client, method, path, headers=None):
    """Without the contract, which knows nothing of such calls."""
    return client._exchange(method, path, None, headers or {})


def done_text(answer):
    if answer.status != 200:
        raise AssertionError(f"expected 200, got {answer}")
    return answer.body.decode()


class OtherPeople(TownCase):
    """API1, broken object-level authorisation: what is another family's does not exist."""

    @classmethod
    def setUpClass(cls):
        cls.activity = cls.town.activity()
        cls.parent, cls.child = cls.town.family()
        cls.booking = made(book(cls.parent, cls.activity, cls.child))
        cls.stranger, cls.strangers_child = cls.town.family()

    def state(self):
        return done(self.parent.get("/me")), all_pages(self.parent, "/me/bookings")

    def test_no_call_of_a_user_reaches_what_is_another_users(self):
        theirs = {"/api/v1/me/attendees/{id}": self.child["id"], "/api/v1/bookings/{id}": self.booking["id"],
                  "/api/v1/activities/{id}/bookings": self.activity["id"]}
        before = self.state()
        for operation in CONTRACT.operations:
            if RULES[route_of(operation)] != USER or "{id}" not in operation.template:
                continue
            with self.subTest(str(operation)):
                body = operation.example_body
                if operation.name == "createBooking" or "attendee_id" in (body or {}):
                    body = {"attendee_id": self.child["id"]}
                answer = call(operation, self.stranger, operation.path(id=theirs[operation.template]), body=body)
                self.refused(answer, 404, "not_found")
        self.assertEqual(self.state(), before)

    def test_what_is_anothers_and_what_is_not_there_answer_alike(self):
        for path in ("/bookings/{}", "/me/attendees/{}"):
            method = "GET" if path.startswith("/bookings") else "DELETE"
            id_of_theirs = self.booking["id"] if path.startswith("/bookings") else self.child["id"]
            problems = []
            for wanted in (id_of_theirs, UNKNOWN_ID):
                problem = self.refused(self.stranger.call(method, path.format(wanted)), 404, "not_found")
                del problem["request_id"]
                problems.append(problem)
            self.assertEqual(*problems)

    def test_lists_hold_nothing_of_others(self):
        seen = str(done(self.stranger.get("/me"))) + str(all_pages(self.stranger, "/me/bookings"))
        for secret in (self.child["id"], self.booking["id"], self.parent.me["id"], self.booking["ticket"]):
            self.assertNotIn(secret, seen)

    def test_a_foreign_cursor_shows_no_foreign_page(self):
        second = made(book(self.parent, self.town.activity(), self.child))
        page = done(self.parent.get("/me/bookings?limit=1"))
        answer = self.stranger.get(f"/me/bookings?cursor={page['next_cursor']}")
        self.assertEqual(done(answer)["items"], [])
        done(self.parent.delete(f"/bookings/{second['id']}"))

    def test_public_calls_show_nobody(self):
        """API3, too much shown: whom the seats belong to is nowhere in public."""
        public = self.town.client()
        seen = str(all_pages(public, "/activities")) + str(done(public.get(f"/activities/{self.activity['id']}")))
        for secret in (self.child["id"], self.child["name"], self.booking["id"], self.parent.me["id"]):
            self.assertNotIn(secret, seen)


class Belongings:
    """One of everything that a station has, and how each operation would reach it."""

    def __init__(self, town):
        self.station = town.new_station()
        self.point = town.new_station(self.station)
        self.programme = town.programme(self.station)
        self.activity = town.activity(self.programme)
        self.draft = town.draft(self.programme)
        parent, child = town.family()
        self.booking = made(book(parent, self.activity, child))
        self.at_the_door = {"session_id": self.activity["sessions"][0]["id"], "booking_id": self.booking["id"]}
        self.check_in = made(town.admin.post("/admin/check-ins", self.at_the_door))

    def state(self, town):
        things = [done(town.admin.get(f"/admin/{path}")) for path in (
            f"stations/{self.station['id']}", f"programmes/{self.programme['id']}",
            f"activities/{self.activity['id']}", f"activities/{self.draft['id']}")]
        for thing in things:
            thing.pop("server_time", None)
        return things, town.roster(self.activity)

    def attempts(self, operation):
        """Each path and body with which it would reach them. An operation that isn't here is one to think about."""
        activities = (self.activity, self.draft)
        things = {"/api/v1/admin/stations/{id}": (self.station,),
                  "/api/v1/admin/stations/{id}/wechat-qr": (self.station,),
                  "/api/v1/admin/sessions/{id}/wechat-qr": [activity["sessions"][0] for activity in activities],
                  "/api/v1/admin/programmes/{id}": (self.programme,),
                  "/api/v1/admin/activities/{id}": activities,
                  "/api/v1/admin/activities/{id}/publish": (self.draft,),
                  "/api/v1/admin/activities/{id}/cancel": activities,
                  "/api/v1/admin/activities/{id}/roster": activities,
                  "/api/v1/admin/activities/{id}/roster.csv": activities,
                  "/api/v1/admin/activities/{id}/roster.xlsx": activities,
                  "/api/v1/admin/check-ins/{id}": (self.check_in,)}
        bodies = {"POST /api/v1/admin/programmes": {"station_id": self.station["id"]},
                  "POST /api/v1/admin/activities": {"programme_id": self.programme["id"]}}
        if operation.template == "/api/v1/admin/check-ins":
            return [(operation.template, self.at_the_door)]
        if "{id}" in operation.template:
            return [(operation.path(id=thing["id"]), operation.example_body) for thing in things[operation.template]]
        return [(operation.template, {**operation.example_body, **bodies[route_of(operation)]})]


class OtherStations(TownCase):
    """API1 for staff: another station's things are forbidden by whatever call, and so are those of the one above."""

    BOUND = ("station_admin", "staff", "auditor")

    @classmethod
    def setUpClass(cls):
        cls.own, cls.theirs = Belongings(cls.town), Belongings(cls.town)
        cls.at_home = {role: cls.town.account(role, cls.own.station) for role in cls.BOUND}
        cls.at_a_point = {role: cls.town.account(role, cls.theirs.point) for role in cls.BOUND}

    def calls(self, things):
        """Each call that one of the roles may make of such things: operation, role, path and body; reads come first."""
        operations = [operation for operation in CONTRACT.operations if operation.template.startswith("/api/v1/admin/")]
        for operation in sorted(operations, key=lambda operation: operation.method != "GET"):
            rule = RULES[route_of(operation)]
            if rule == ANYONE or operation.method == "GET" and "{id}" not in operation.template:
                continue  # the login, and the lists
            for role in rule & set(self.BOUND):
                for path, body in things.attempts(operation):
                    yield operation, role, path, body

    def test_no_call_reaches_another_station(self):
        before = self.theirs.state(self.town)
        tried = collections.Counter()
        for operation, role, path, body in self.calls(self.theirs):
            for caller in (self.at_home[role], self.at_a_point[role]):
                with self.subTest(operation=str(operation), path=path, caller=caller.me):
                    self.refused(call(operation, caller, path, body=body), 403, "forbidden")
            tried[role] += 1
        for role, least in (("station_admin", 19), ("staff", 4), ("auditor", 9)):
            self.assertGreaterEqual(tried[role], least, role)
        self.assertEqual(self.theirs.state(self.town), before)

    def test_the_same_calls_reach_what_is_ones_own(self):
        """It is for the station that they are refused, and for nothing else."""
        for operation, role, path, body in self.calls(self.own):
            with self.subTest(operation=str(operation), path=path, role=role):
                answer = call(operation, self.at_home[role], path, body=body)
                if operation.method == "GET":
                    self.assertEqual(answer.status, 200, str(answer))
                else:
                    self.assertNotIn(answer.status, (401, 403), str(answer))

    def test_lists_hold_nothing_of_another_station(self):
        theirs = self.theirs
        for caller in (callers[role] for callers in (self.at_home, self.at_a_point)
                       for role in ("station_admin", "auditor")):
            for path in ("stations", "programmes", "activities"):
                seen = str(all_pages(caller, f"/admin/{path}"))
                for thing in (theirs.station, theirs.programme, theirs.activity, theirs.draft):
                    self.assertNotIn(f"'id': '{thing['id']}'", seen)
            filtered = caller.get(f"/admin/activities?station_id={theirs.station['id']}")
            self.assertEqual(done(filtered)["items"], [])
            filtered = caller.get(f"/admin/programmes?station_id={theirs.station['id']}")
            self.assertEqual(done(filtered)["items"], [])

    def test_who_reads_one_station_reads_neither_accounts_nor_audit_of_the_town(self):
        for callers in (self.at_home, self.at_a_point):
            own_accounts = {caller.me["id"] for caller in callers.values()}
            for role, caller in callers.items():
                self.refused(caller.get("/admin/audit"), 403, "forbidden")
                if role == "auditor":
                    self.assertEqual({account["id"] for account in all_pages(caller, "/admin/users")}, own_accounts)
                else:
                    self.refused(caller.get("/admin/users"), 403, "forbidden")

    def test_nobody_but_the_town_makes_or_raises_accounts(self):
        """Vertical escalation: with one's own account, and with a new one."""
        for caller in self.at_home.values():
            path = f"/admin/users/{caller.me['id']}"
            self.refused(caller.patch(path, {"role": "town_admin", "station_id": None}, "*"), 403, "forbidden")
            self.refused(caller.patch(path, {"station_id": self.theirs.station["id"]}, "*"), 403, "forbidden")
            body = {"username": "intruder", "password": "long-enough-pw", "role": "town_admin"}
            self.refused(caller.post("/admin/users", body), 403, "forbidden")
        accounts = all_pages(self.town.admin, "/admin/users")
        self.assertNotIn("intruder", [account["username"] for account in accounts])
        for caller in self.at_home.values():
            now = next(account for account in accounts if account["id"] == caller.me["id"])
            self.assertEqual(now, caller.me)


class MassAssignment(TownCase):
    """API3: fields that are not the caller's to set, and fields that nobody is shown."""

    FORBIDDEN = ("id", "version", "state", "status", "role", "roles", "is_admin", "admin", "user_id", "owner_id",
                 "account_id", "attendee_ids", "seats_taken", "remaining", "receipt", "arrival", "created_at", "blocked",
                 "password_hash", "password", "token", "ticket", "publication", "fence", "epoch", "openid",
                 "__proto__", "constructor", "$where")
    NEVER_SHOWN = ("password", "hash", "secret", "openid", "token_key", "prev_hash", "mac")

    def test_no_body_takes_a_field_that_is_not_in_its_schema(self):
        tried = 0
        parent = self.town.parent()
        for operation in CONTRACT.operations:
            if operation.example_body is None:
                continue
            known = property_names(operation.description["requestBody"])
            client = self.town.admin if operation.roles else parent
            for name in set(self.FORBIDDEN) - known:
                with self.subTest(operation=str(operation), field=name):
                    answer = call(operation, client, body={**operation.example_body, name: 1})
                    self.invalid(answer, "/" + name.replace("~", "~0").replace("/", "~1"))
                    tried += 1
        self.assertGreater(tried, 300)

    def test_nested_objects_take_none_either(self):
        town = self.town
        programme = town.programme()
        body = {"programme_id": programme["id"], "kind": "class", "title": "x", "capacity": 1,
                "sessions": [{"starts_at": "2027-07-06T09:00:00Z", "ends_at": "2027-07-06T10:00:00Z"}]}
        for name in ("id", "activity_id", "state"):
            nested = [{**body["sessions"][0], name: UNKNOWN_ID}]
            self.invalid(town.admin.post("/admin/activities", {**body, "sessions": nested}), f"/sessions/0/{name}")
        patch = {"rules": {"max_per_user": 1, "epoch": 5}}
        self.invalid(town.admin.patch(f"/admin/programmes/{programme['id']}", patch, "*"), "/rules/epoch")

    def test_no_answer_has_a_field_that_holds_a_secret(self):
        for operation in CONTRACT.operations:
            for response in operation.description["responses"].values():
                for name in property_names(CONTRACT.resolve(response)):
                    for secret in self.NEVER_SHOWN:
                        self.assertNotIn(secret, name.split("_"), f"{operation}: {name}")

    def test_no_body_takes_an_address_to_be_fetched(self):
        """API7, forged requests of the server: it fetches nothing that a client names."""
        for operation in CONTRACT.operations:
            if operation.example_body is not None:
                for name, schema in properties(operation.description["requestBody"]):
                    self.assertNotRegex(name, "(?i)url|uri|href|webhook|callback", str(operation))
                    self.assertNotIn(schema.get("format"), ("uri", "url", "iri", "hostname"), f"{operation}: {name}")


def properties(node, seen=None):
    """All properties of the schemas below a node, each with its schema."""
    seen = set() if seen is None else seen
    if isinstance(node, list):
        for item in node:
            yield from properties(item, seen)
    if not isinstance(node, dict):
        return
    if "$ref" in node:
        if node["$ref"] in seen:
            return
        seen.add(node["$ref"])
        node = CONTRACT.resolve(node)
    for name, schema in node.get("properties", {}).items():
        yield name, CONTRACT.resolve(schema) if "$ref" in schema else schema
    for name, child in node.items():
        if name not in ("examples", "example"):
            yield from properties(child, seen)


def property_names(node):
    return {name for name, _ in properties(node)}


class ForeignPages(TownCase):
    """A browser sends the cookie with whatever page asks: writes need our own Origin."""

    def test_no_write_with_the_cookie_from_elsewhere(self):
        tokens = {"user": self.town.parent().token, "town_admin": self.town.account("town_admin").token}
        tried = 0
        for operation in CONTRACT.operations:
            rule = RULES[route_of(operation)]
            if operation.method not in WRITES or "nobody" in rule:
                continue
            browser = self.town.client()
            browser.headers = {"Cookie": "zl=" + tokens["user" if "user" in rule else "town_admin"]}
            for origin in (None, "null", "https://evil.example", self.town.url + ".evil.example"):
                with self.subTest(operation=str(operation), origin=origin):
                    self.refused(call(operation, browser, headers={"Origin": origin}), 403, "forbidden")
                    tried += 1
        self.assertGreater(tried, 60)

    def test_other_origins_may_not_read(self):
        """No header invites another site's script to read an answer."""
        answer = self.town.client().get("/time", headers={"Origin": "https://evil.example"})
        self.assertFalse([name for name in answer.headers if name.lower().startswith("access-control-")])


if __name__ == "__main__":
    unittest.main()
