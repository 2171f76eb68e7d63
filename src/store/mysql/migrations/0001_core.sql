-- The ledger's tables. Ids are 16 bytes; instants are UTC milliseconds; a table's comment says what it is for.
-- Lock order everywhere, each by id: users, attendees; programmes, programme_guards, activity_seats, bookings.

CREATE TABLE settings (
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  value VARBINARY(255) NOT NULL
) ENGINE=InnoDB COMMENT='secrets and facts that every process shares, for example the booking id secret';

CREATE TABLE stations (
  id BINARY(16) NOT NULL PRIMARY KEY,
  parent_id BINARY(16) NULL,
  name VARCHAR(100) NOT NULL,
  area VARCHAR(50) NOT NULL DEFAULT '',
  version BIGINT UNSIGNED NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  CONSTRAINT stations_parent FOREIGN KEY (parent_id) REFERENCES stations (id)
) ENGINE=InnoDB COMMENT='stations; a service point is a station with a parent';

CREATE TABLE programmes (
  id BINARY(16) NOT NULL PRIMARY KEY,
  station_id BINARY(16) NOT NULL,
  title VARCHAR(100) NOT NULL,
  opens_at BIGINT NOT NULL,
  closes_at BIGINT NOT NULL,
  max_per_attendee INT NULL,
  max_per_user INT NULL,
  forbid_overlap TINYINT NOT NULL DEFAULT 0,
  cancel_hours INT NOT NULL DEFAULT 0,
  epoch BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'builds of the gate, counted up here alone',
  version BIGINT UNSIGNED NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  CONSTRAINT programmes_station FOREIGN KEY (station_id) REFERENCES stations (id),
  CONSTRAINT programmes_times CHECK (opens_at < closes_at)
) ENGINE=InnoDB COMMENT='activities that a station releases together';

CREATE TABLE activities (
  id BINARY(16) NOT NULL PRIMARY KEY,
  programme_id BINARY(16) NOT NULL,
  kind TINYINT NOT NULL COMMENT '1 class, 2 camp',
  title VARCHAR(100) NOT NULL,
  description VARCHAR(4000) NOT NULL DEFAULT '',
  age_min INT NOT NULL,
  age_max INT NOT NULL,
  publication TINYINT NOT NULL COMMENT '1 draft, 2 published, 3 cancelled',
  cancel_reason VARCHAR(500) NOT NULL DEFAULT '',
  version BIGINT UNSIGNED NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  KEY activities_programme (programme_id),
  CONSTRAINT activities_programme FOREIGN KEY (programme_id) REFERENCES programmes (id),
  CONSTRAINT activities_ages CHECK (age_min <= age_max)
) ENGINE=InnoDB COMMENT='what is booked';

CREATE TABLE activity_seats (
  activity_id BINARY(16) NOT NULL PRIMARY KEY,
  programme_id BINARY(16) NOT NULL,
  capacity INT NOT NULL,
  seats_taken INT NOT NULL DEFAULT 0,
  fence BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'only grants with a higher number may commit',
  open TINYINT NOT NULL DEFAULT 0 COMMENT '1 while published: bookings may commit',
  KEY activity_seats_programme (programme_id),
  CONSTRAINT activity_seats_activity FOREIGN KEY (activity_id) REFERENCES activities (id),
  CONSTRAINT activity_seats_bounds CHECK (seats_taken >= 0 AND seats_taken <= capacity)
) ENGINE=InnoDB COMMENT='the rush''s hot rows, apart from what administrators edit';

CREATE TABLE sessions (
  id BINARY(16) NOT NULL PRIMARY KEY,
  activity_id BINARY(16) NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  venue VARCHAR(100) NOT NULL DEFAULT '',
  KEY sessions_activity (activity_id, starts_at),
  CONSTRAINT sessions_activity FOREIGN KEY (activity_id) REFERENCES activities (id),
  CONSTRAINT sessions_times CHECK (starts_at < ends_at)
) ENGINE=InnoDB COMMENT='dated meetings of an activity';

CREATE TABLE users (
  id BINARY(16) NOT NULL PRIMARY KEY,
  openid VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  nickname VARCHAR(50) NOT NULL DEFAULT '',
  blocked TINYINT NOT NULL DEFAULT 0,
  version INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'tokens of lower versions are void',
  raised_at BIGINT NOT NULL DEFAULT 0 COMMENT 'when the version rose last',
  created_at BIGINT NOT NULL,
  UNIQUE KEY users_openid (openid),
  KEY users_raised (raised_at)
) ENGINE=InnoDB COMMENT='guardians, by their account';

CREATE TABLE attendees (
  id BINARY(16) NOT NULL PRIMARY KEY,
  name VARCHAR(50) NOT NULL,
  birth_date DATE NOT NULL,
  notes VARCHAR(500) NOT NULL DEFAULT '',
  version BIGINT UNSIGNED NOT NULL DEFAULT 1,
  deleted TINYINT NOT NULL DEFAULT 0 COMMENT 'kept for the bookings it held',
  living TINYINT AS (IF(deleted = 0, 1, NULL)) STORED COMMENT 'what an active booking refers to',
  created_at BIGINT NOT NULL,
  UNIQUE KEY attendees_living (id, living)
) ENGINE=InnoDB COMMENT='who takes a seat: a child, or the user';

CREATE TABLE guardianships (
  user_id BINARY(16) NOT NULL,
  attendee_id BINARY(16) NOT NULL,
  relation TINYINT NOT NULL COMMENT '1 parent, 2 grandparent, 3 guardian, 4 self, 5 other',
  name VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the attendee''s, for the unique key',
  birth_date DATE NOT NULL COMMENT 'the attendee''s, for the unique key',
  created_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, attendee_id),
  UNIQUE KEY guardianships_child_once (user_id, name, birth_date),
  KEY guardianships_attendee (attendee_id),
  CONSTRAINT guardianships_user FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT guardianships_attendee FOREIGN KEY (attendee_id) REFERENCES attendees (id)
) ENGINE=InnoDB COMMENT='whose child an attendee is; attendees have no owner of their own';

CREATE TABLE bookings (
  id BINARY(16) NOT NULL PRIMARY KEY,
  activity_id BINARY(16) NOT NULL,
  programme_id BINARY(16) NOT NULL,
  party_id BINARY(16) NOT NULL COMMENT 'who holds it; an attendee today',
  user_id BINARY(16) NOT NULL COMMENT 'who pressed the button',
  state TINYINT NOT NULL DEFAULT 1 COMMENT '1 confirmed, 2 waitlisted, 3 offered, 4 cancelled',
  active TINYINT NULL DEFAULT 1 COMMENT '1 while it counts, else NULL so that the unique key lets it go',
  grant_number BIGINT UNSIGNED NOT NULL,
  arrival BIGINT UNSIGNED NOT NULL,
  decided_at BIGINT NOT NULL,
  opens_at BIGINT NOT NULL,
  remaining INT NOT NULL,
  created_at BIGINT NOT NULL,
  cancelled_at BIGINT NULL,
  audit_chain BINARY(16) NULL COMMENT 'with audit_seq: the audit row that tells of it',
  audit_seq BIGINT UNSIGNED NULL,
  UNIQUE KEY bookings_once (party_id, active, programme_id, activity_id),
  KEY bookings_user (user_id, programme_id),
  KEY bookings_activity (activity_id),
  CONSTRAINT bookings_party FOREIGN KEY (party_id, active) REFERENCES attendees (id, living)
) ENGINE=InnoDB COMMENT='who holds a seat; the receipt is stored with it. Its key keeps an attendee with active bookings from being deleted; there are no others, since the rush path checks the seats row';

CREATE TABLE programme_guards (
  programme_id BINARY(16) NOT NULL PRIMARY KEY,
  commits BIGINT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'group commits that have booked in it'
) ENGINE=InnoDB COMMENT='whoever inserts a booking locks and counts up its programme''s row; made when first needed. Apart from programmes, so that administrators and writers do not wait for each other';

CREATE TABLE check_ins (
  id BINARY(16) NOT NULL PRIMARY KEY,
  booking_id BINARY(16) NOT NULL,
  session_id BINARY(16) NOT NULL,
  active TINYINT NULL COMMENT '1 unless undone',
  at BIGINT NOT NULL,
  account_id BINARY(16) NOT NULL,
  UNIQUE KEY check_ins_once (booking_id, session_id, active),
  CONSTRAINT check_ins_booking FOREIGN KEY (booking_id) REFERENCES bookings (id),
  CONSTRAINT check_ins_session FOREIGN KEY (session_id) REFERENCES sessions (id)
) ENGINE=InnoDB COMMENT='attendance, per session';

CREATE TABLE accounts (
  id BINARY(16) NOT NULL PRIMARY KEY,
  username VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  role TINYINT NOT NULL COMMENT '1 town_admin, 2 station_admin, 3 staff, 4 auditor',
  station_id BINARY(16) NULL,
  blocked TINYINT NOT NULL DEFAULT 0,
  version INT UNSIGNED NOT NULL DEFAULT 1,
  raised_at BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  UNIQUE KEY accounts_username (username),
  KEY accounts_raised (raised_at),
  CONSTRAINT accounts_station FOREIGN KEY (station_id) REFERENCES stations (id)
) ENGINE=InnoDB COMMENT='staff';

CREATE TABLE ended_tokens (
  id BINARY(16) NOT NULL PRIMARY KEY,
  expires_at BIGINT NOT NULL,
  KEY ended_tokens_expiry (expires_at)
) ENGINE=InnoDB COMMENT='tokens that were logged out before their time';

CREATE TABLE changes (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  kind TINYINT NOT NULL COMMENT '1 station, 2 programme, 3 account, 4 attendee, 5 token',
  subject BINARY(16) NOT NULL,
  number BIGINT UNSIGNED NOT NULL DEFAULT 0,
  at BIGINT NOT NULL,
  KEY changes_at (at)
) ENGINE=InnoDB COMMENT='the feed that every process polls';

CREATE TABLE creation_marks (
  id BINARY(16) NOT NULL PRIMARY KEY,
  content_hash BINARY(32) NOT NULL,
  subject BINARY(16) NOT NULL,
  created_at BIGINT NOT NULL,
  KEY creation_marks_age (created_at)
) ENGINE=InnoDB COMMENT='Idempotency-Keys of creating calls other than bookings';

CREATE TABLE outbox (
  id BINARY(16) NOT NULL PRIMARY KEY,
  kind TINYINT NOT NULL COMMENT '1 booked, 2 cancelled by the user, 3 cancelled by the station',
  booking_id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  created_at BIGINT NOT NULL,
  KEY outbox_age (created_at)
) ENGINE=InnoDB COMMENT='messages to be sent, written with what they tell; those of new bookings are in their audit row';

CREATE TABLE audit (
  chain_id BINARY(16) NOT NULL,
  seq BIGINT UNSIGNED NOT NULL,
  at BIGINT NOT NULL,
  actor_id BINARY(16) NOT NULL,
  actor_role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  action VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject BINARY(16) NOT NULL,
  detail MEDIUMTEXT NOT NULL COMMENT 'a JSON object; of booking.create a line for each booking',
  address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  prev_hash BINARY(32) NOT NULL,
  hash BINARY(32) NOT NULL,
  PRIMARY KEY (chain_id, seq),
  KEY audit_at (at, chain_id, seq),
  KEY audit_subject (subject, at),
  KEY audit_actor (actor_id, at)
) ENGINE=InnoDB COMMENT='who changed what; append-only, one hash chain per writer so that it serialises nobody; one row for all bookings of a group commit';

CREATE TABLE leases (
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  owner BINARY(16) NOT NULL,
  until_ms BIGINT NOT NULL COMMENT 'by this server''s clock'
) ENGINE=InnoDB COMMENT='whose turn it is to do what one process at a time should do; saves work, guards nothing';

INSERT INTO leases (name, owner, until_ms) VALUES ('reconciler', REPEAT(CHAR(0), 16), 0);
