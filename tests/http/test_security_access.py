"""Who reaches what, as an attacker would try it: OWASP API Security Top 10 (2023), the parts about access.

Everything is generated from the routes that the server itself lists and from the contract, so that a new route without a
rule here fails.
"""

import re
import unittest

from client import CONTRACT, done, made
from town import UNKNOWN_ID, TownCase, all_pages, book, key
from wechat_town import WechatTownCase

ROLES = ("town_admin", "station_admin", "staff", "auditor")
CALLERS = ("nobody", "user", *ROLES)
ANYONE = frozenset(CALLERS)
USER = frozenset(("user",))
LOGGED_IN = frozenset(("user", *ROLES))
TOWN = frozenset(("town_admin",))
ADMINS = frozenset(("town_admin", "station_admin"))
READERS = frozenset(("town_admin", "station_admin", "auditor"))
INSPECTORS = frozenset(("town_admin", "auditor"))
DOOR = frozenset(("town_admin", "station_admin", "staff"))
STAFF = frozenset(ROLES)

# Who may call what. A route that is not here is one that nobody has thought about.
RULES = {
    "POST /api/v1/login/dev": ANYONE,
    "GET /api/v1/login/wechat": ANYONE,
    "GET /api/v1/login/wechat/callback": ANYONE,
    "GET /api/v1/login/wechat/ended": ANYONE,
    "POST /api/v1/login/wechat-mini": ANYONE,
    "POST /api/v1/logout": LOGGED_IN,
    "GET /api/v1/me": USER,
    "POST /api/v1/me/attendees": USER,
    "PATCH /api/v1/me/attendees/{}": USER,
    "DELETE /api/v1/me/attendees/{}": USER,
    "GET /api/v1/stations": ANYONE,
    "GET /api/v1/stations/{}": ANYONE,
    "GET /api/v1/programmes": ANYONE,
    "GET /api/v1/programmes/{}": ANYONE,
    "GET /api/v1/activities": ANYONE,
    "GET /api/v1/activities/{}": ANYONE,
    "GET /api/v1/time": ANYONE,
    "POST /api/v1/activities/{}/bookings": USER,
    "GET /api/v1/me/bookings": USER,
    "GET /api/v1/bookings/{}": USER,
    "DELETE /api/v1/bookings/{}": USER,
    "POST /api/v1/admin/login": ANYONE,
    "GET /api/v1/admin/stations": READERS,
    "POST /api/v1/admin/stations": TOWN,
    "GET /api/v1/admin/stations/{}": READERS,
    "PATCH /api/v1/admin/stations/{}": ADMINS,
    "GET /api/v1/admin/stations/{}/wechat-qr": READERS,
    "GET /api/v1/admin/sessions/{}/wechat-qr": READERS,
    "GET /api/v1/admin/programmes": READERS,
    "POST /api/v1/admin/programmes": ADMINS,
    "GET /api/v1/admin/programmes/{}": READERS,
    "PATCH /api/v1/admin/programmes/{}": ADMINS,
    "GET /api/v1/admin/activities": READERS,
    "POST /api/v1/admin/activities": ADMINS,
    "GET /api/v1/admin/activities/{}": READERS,
    "PATCH /api/v1/admin/activities/{}": ADMINS,
    "POST /api/v1/admin/activities/{}/publish": ADMINS,
    "POST /api/v1/admin/activities/{}/cancel": ADMINS,
    "GET /api/v1/admin/activities/{}/roster": STAFF,
    "POST /api/v1/admin/check-ins": DOOR,
    "DELETE /api/v1/admin/check-ins/{}": DOOR,
    "GET /api/v1/admin/users": INSPECTORS,
    "POST /api/v1/admin/users": TOWN,
    "PATCH /api/v1/admin/users/{}": TOWN,
    "GET /api/v1/admin/audit": INSPECTORS,
    "GET /api/v1/wechat/js-config": ANYONE,
    "GET /api/v1/wechat/callback": ANYONE,  # who knows the token
    "POST /api/v1/wechat/callback": ANYONE,  # who knows the token
    "GET /MP_verify_{}.txt": ANYONE,
    "GET /api/v1/openapi.json": ANYONE,
    "GET /problems/{}": ANYONE,
    "GET /healthz": ANYONE,
    "GET /readyz": ANYONE,
    "GET /metrics": ANYONE,
}
LOGINS = ("adminLogin", "loginWechatReturn", "loginWechatMini")
SIGNED = ("checkWechatUrl", "takeWechatPush")
WRITES = ("POST", "PUT", "PATCH", "DELETE")


def setUpModule():
    WechatTownCase.start_town()


def tearDownModule():
    WechatTownCase.stop_town()


def route_of(operation):
    return operation.method + " " + re.sub(r"\{[a-z_]+\}", "{}", operation.template)


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

    def test_each_caller_is_let_in_exactly_where_the_rule_says(self):
        town = self.town
        callers = {role: town.account(role, town.station if role in ("station_admin", "staff") else None)
                   for role in ROLES}
        callers |= {"nobody": town.client(), "user": town.parent()}
        for operation in CONTRACT.operations:
            if operation.name in ("logout", *LOGINS, *SIGNED):
                continue  # one ends the token, the others' examples are nobody's: see test_accounts, test_wechat_…
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


class OtherStations(TownCase):
    """API1 for staff: another station's things are forbidden, by whatever call."""

    @classmethod
    def setUpClass(cls):
        town = cls.town
        cls.programme = town.programme(town.other_station)
        cls.activity = town.activity(cls.programme)
        cls.draft = town.draft(cls.programme)
        parent, child = town.family()
        cls.booking = made(book(parent, cls.activity, child))
        cls.check_in = made(town.admin.post("/admin/check-ins", cls.at_the_door()))
        cls.callers = {role: town.account(role, town.station) for role in ("station_admin", "staff")}
        cls.bound_auditor = town.account("auditor", town.station)

    @classmethod
    def at_the_door(cls):
        return {"session_id": cls.activity["sessions"][0]["id"], "booking_id": cls.booking["id"]}

    def state(self):
        admin = self.town.admin
        things = [done(admin.get(f"/admin/{path}")) for path in (
            f"stations/{self.town.other_station['id']}", f"programmes/{self.programme['id']}",
            f"activities/{self.activity['id']}", f"activities/{self.draft['id']}")]
        for thing in things:
            thing.pop("server_time", None)
        return things, self.town.roster(self.activity)

    def attempt(self, operation):
        """Path and body with which an operation would reach the other station."""
        ids = {"/api/v1/admin/stations/{id}": self.town.other_station["id"],
               "/api/v1/admin/stations/{id}/wechat-qr": self.town.other_station["id"],
               "/api/v1/admin/sessions/{id}/wechat-qr": self.activity["sessions"][0]["id"],
               "/api/v1/admin/programmes/{id}": self.programme["id"],
               "/api/v1/admin/activities/{id}": self.activity["id"],
               "/api/v1/admin/activities/{id}/publish": self.draft["id"],
               "/api/v1/admin/activities/{id}/cancel": self.activity["id"],
               "/api/v1/admin/activities/{id}/roster": self.activity["id"],
               "/api/v1/admin/check-ins/{id}": self.check_in["id"]}
        bodies = {"POST /api/v1/admin/programmes": {"station_id": self.town.other_station["id"]},
                  "POST /api/v1/admin/activities": {"programme_id": self.programme["id"]}}
        route = route_of(operation)
        if route == "POST /api/v1/admin/check-ins":
            return operation.template, self.at_the_door()
        if "{id}" in operation.template:
            return operation.path(id=ids[operation.template]), operation.example_body
        return operation.template, {**operation.example_body, **bodies[route]}

    def test_no_call_reaches_another_station(self):
        before = self.state()
        tried = 0
        for operation in CONTRACT.operations:
            is_list = operation.method == "GET" and "{id}" not in operation.template
            for role in set(operation.roles or ()) & set(self.callers):
                if is_list:
                    continue
                with self.subTest(operation=str(operation), role=role):
                    path, body = self.attempt(operation)
                    self.refused(call(operation, self.callers[role], path, body=body), 403, "forbidden")
                    tried += 1
        self.assertGreaterEqual(tried, 14)
        self.assertEqual(self.state(), before)

    def test_lists_hold_nothing_of_another_station(self):
        for caller in (self.callers["station_admin"], self.bound_auditor):
            for path in ("stations", "programmes", "activities"):
                seen = str(all_pages(caller, f"/admin/{path}"))
                for thing in (self.town.other_station, self.programme, self.activity, self.draft):
                    self.assertNotIn(thing["id"], seen)
            filtered = caller.get(f"/admin/activities?station_id={self.town.other_station['id']}")
            self.assertEqual(done(filtered)["items"], [])
            filtered = caller.get(f"/admin/programmes?station_id={self.town.other_station['id']}")
            self.assertEqual(done(filtered)["items"], [])

    def test_who_reads_one_station_reads_neither_accounts_nor_audit_of_the_town(self):
        self.refused(self.bound_auditor.get("/admin/audit"), 403, "forbidden")
        for caller in (*self.callers.values(),):
            self.refused(caller.get("/admin/users"), 403, "forbidden")

    def test_nobody_but_the_town_makes_or_raises_accounts(self):
        """Vertical escalation: with one's own account, and with a new one."""
        for role, caller in self.callers.items():
            path = f"/admin/users/{caller.me['id']}"
            self.refused(caller.patch(path, {"role": "town_admin", "station_id": None}, "*"), 403, "forbidden")
            self.refused(caller.patch(path, {"station_id": self.town.other_station["id"]}, "*"), 403, "forbidden")
            body = {"username": "intruder", "password": "long-enough-pw", "role": "town_admin"}
            self.refused(caller.post("/admin/users", body), 403, "forbidden")
        accounts = all_pages(self.town.admin, "/admin/users")
        self.assertNotIn("intruder", [account["username"] for account in accounts])
        for role, caller in self.callers.items():
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
