"""Who may call what: the roles that each route is for. The tests of access hold server and contract to it."""

import re

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
    "GET /api/v1/admin/activities/{}/roster.csv": STAFF,
    "GET /api/v1/admin/activities/{}/roster.xlsx": STAFF,
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


def route_of(operation):
    """As the table names it."""
    return operation.method + " " + re.sub(r"\{[a-z_]+\}", "{}", operation.template)
