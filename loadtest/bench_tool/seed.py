"""What the servers find at their start. Written with SQL, since a hundred thousand bookings through the API take minutes;
everything that is measured goes through the API. Ids are MD5 of a name, so that files for the load can name them.

  big       one activity with 99,990 bookings: every user of the load holds a seat of it, so the gate refuses
  sold      one activity whose 10 seats are gone
  cat       10,000 activities in 200 programmes, 10 bookings each
  walk      programmes of one activity with 100,000 free seats: what the load books
  ledger    the same as drafts, which servers don't touch: what the database alone books
"""
import hashlib
import time

from .stores import Stores

USERS = 20_000  # of the load
HOLDERS = 99_990
PROGRAMMES = 200
ACTIVITIES = 10_000
PER_PROGRAMME = ACTIVITIES // PROGRAMMES
CAPACITY = 100_000
DAY_MS = 86_400_000


def id_of(name: str) -> str:
    return hashlib.md5(name.encode()).hexdigest()


def user_of_catalogue(activity: int) -> int:
    """The number of a user who holds a seat of the activity (from 0) and no other of its programme."""
    return 10 * (activity % PER_PROGRAMME) + activity // PER_PROGRAMME % 10 + 1


def people(count: int) -> str:
    return f"""
INSERT INTO users (id, openid, nickname, created_at)
  SELECT UNHEX(MD5(CONCAT('user', seq))), CONCAT('bench-', seq), 'bench', 0 FROM seq_1_to_{count};
INSERT INTO attendees (id, name, birth_date, created_at)
  SELECT UNHEX(MD5(CONCAT('attendee', seq))), '小明', '2018-05-04', 0 FROM seq_1_to_{count};
INSERT INTO guardianships (user_id, attendee_id, relation, name, birth_date, created_at)
  SELECT UNHEX(MD5(CONCAT('user', seq))), UNHEX(MD5(CONCAT('attendee', seq))), 1, '小明', '2018-05-04', 0
  FROM seq_1_to_{count};
"""


def programmes(name: str, count: int) -> str:
    now_ms = int(time.time() * 1000)
    return f"""
INSERT IGNORE INTO stations (id, name, created_at) VALUES (UNHEX(MD5('station')), '钟楼', 0);
INSERT INTO programmes (id, station_id, title, opens_at, closes_at, max_per_attendee, max_per_user, forbid_overlap,
                        cancel_hours, created_at)
  SELECT UNHEX(MD5(CONCAT('{name}-programme', seq))), UNHEX(MD5('station')), CONCAT('{name} ', seq), {now_ms - DAY_MS},
         {now_ms + 30 * DAY_MS}, 2, 4, 1, 24, 0 FROM seq_1_to_{count};
"""


def activities(name: str, count: int, per_programme: int, capacity: int, taken: int = 0, published: bool = True) -> str:
    starts_ms = int(time.time() * 1000) + 60 * DAY_MS
    programme = f"UNHEX(MD5(CONCAT('{name}-programme', (seq - 1) DIV {per_programme} + 1)))"
    return f"""
INSERT INTO activities (id, programme_id, kind, title, description, age_min, age_max, publication, created_at)
  SELECT UNHEX(MD5(CONCAT('{name}', seq))), {programme}, 1, CONCAT('皮影戏里的黑白世界 ', seq),
         '和孩子一起制作皮影，了解家乡的故事。请自带剪刀，课程时长一小时。', 3, 14, {2 if published else 1}, 0
  FROM seq_1_to_{count};
INSERT INTO activity_seats (activity_id, programme_id, capacity, seats_taken, open)
  SELECT UNHEX(MD5(CONCAT('{name}', seq))), {programme}, {capacity}, {taken}, 1 FROM seq_1_to_{count};
INSERT INTO sessions (id, activity_id, starts_at, ends_at, venue)
  SELECT UNHEX(MD5(CONCAT('{name}-session', seq))), UNHEX(MD5(CONCAT('{name}', seq))),
         {starts_ms} + seq MOD {per_programme} * 7200000, {starts_ms} + seq MOD {per_programme} * 7200000 + 5400000, '多功能厅'
  FROM seq_1_to_{count};
"""


def bookings(name: str, count: int, per_activity: int, user: str) -> str:
    """`user` is an expression of seq (from 1): the number of the user who holds that seat."""
    activity = f"(seq - 1) DIV {per_activity} + 1"
    return f"""
INSERT INTO bookings (id, activity_id, programme_id, party_id, user_id, state, active, grant_number, arrival, decided_at,
                      opens_at, remaining, created_at)
  SELECT UNHEX(MD5(CONCAT('{name}-booking', seq))), UNHEX(MD5(CONCAT('{name}', {activity}))), s.programme_id,
         UNHEX(MD5(CONCAT('attendee', {user}))), UNHEX(MD5(CONCAT('user', {user}))), 1, 1, seq, seq, 1, 1, 0, 1
  FROM seq_1_to_{count} JOIN activity_seats s ON s.activity_id = UNHEX(MD5(CONCAT('{name}', {activity})));
"""


def catalogue_user(per_programme: int) -> str:
    return f"(10 * ((seq - 1) DIV 10 MOD {per_programme}) + (seq - 1) MOD 10 + 1)"


def seed_main(stores: Stores, walks: int) -> None:
    stores.sql("SET SESSION sql_log_bin = 0; SET autocommit = 0;" + people(100_000)
               + programmes("big", 1) + activities("big", 1, 1, CAPACITY, HOLDERS) + bookings("big", HOLDERS, HOLDERS, "seq")
               + programmes("sold", 1) + activities("sold", 1, 1, 10, 10) + bookings("sold", 10, 10, "99990 + seq")
               + programmes("cat", PROGRAMMES) + activities("cat", ACTIVITIES, PER_PROGRAMME, 30, 10)
               + bookings("cat", 10 * ACTIVITIES, 10, catalogue_user(PER_PROGRAMME))
               + programmes("walk", walks) + activities("walk", walks, 1, CAPACITY)
               + programmes("ledger", walks) + activities("ledger", walks, 1, CAPACITY, published=False) + "COMMIT;")


def seed_walks(stores: Stores, walks: int) -> None:
    stores.sql("SET SESSION sql_log_bin = 0; SET autocommit = 0;" + people(USERS) + programmes("walk", walks)
               + activities("walk", walks, 1, CAPACITY) + "COMMIT;")


def seed_small(stores: Stores) -> None:
    stores.sql("SET SESSION sql_log_bin = 0; SET autocommit = 0;" + people(USERS) + programmes("cat", 1)
               + activities("cat", 1, 1, 30, 10) + bookings("cat", 10, 10, catalogue_user(1)) + "COMMIT;")


def seed_peer(stores: Stores, walks: int, holders: int) -> None:
    """The peers' stock, and for the gate the users who have a seat already."""
    stock = "".join(f"SET stock:{{{id_of(f'walk{n}')}}} {CAPACITY}\r\n" for n in range(1, walks + 1))
    stores.redis_pipe(stock + f"SET stock:{{{id_of('big1')}}} {CAPACITY - holders}\r\n")
    users = f"users:{{{id_of('big1')}}}"
    stores.redis_pipe("".join(f"SADD {users} {id_of(f'attendee{n}')}\r\n" for n in range(1, holders + 1)))
