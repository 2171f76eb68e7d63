-- Messages on their way to parents. What was queued before nobody has sent, and it is old news: it is left unsent, and
-- of the bookings made so far nothing is collected.

ALTER TABLE outbox
  MODIFY COLUMN kind TINYINT NOT NULL COMMENT '1 booked, 2 cancelled by the user, 3 cancelled by the station, 4 session changed, 5 reminder, 6 offer',
  ADD COLUMN session_id BINARY(16) NULL COMMENT 'the session that it is about; else the activity''s first',
  ADD COLUMN until_at BIGINT NULL COMMENT 'to when an offer stands',
  ADD COLUMN state TINYINT NOT NULL DEFAULT 1 COMMENT '1 queued, 2 accepted, 3 delivered, 4 failed, 5 skipped',
  ADD COLUMN channel TINYINT NULL COMMENT 'of the last attempt: 1 template message, 2 notice, 3 SMS',
  ADD COLUMN channels_failed TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'a bit for each: 2, 4, 8',
  ADD COLUMN attempts INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'claims; only the latest may settle',
  ADD COLUMN next_attempt_at BIGINT NOT NULL DEFAULT 0 COMMENT 'by this server''s clock; while it is claimed, when the claim lapses. Offers begin at -1, before all others',
  ADD COLUMN in_doubt_since BIGINT NULL COMMENT 'by this server''s clock: an attempt since then may have arrived',
  ADD COLUMN message_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'the platform''s',
  ADD COLUMN error INT NOT NULL DEFAULT 0 COMMENT 'the platform''s, or below -100 one of ours',
  ADD COLUMN notice_key BINARY(16) NULL COMMENT 'of a notice that was accepted: whose and of which template; the platform gives it no id',
  ADD KEY outbox_notice (notice_key),
  ADD KEY outbox_due (state, next_attempt_at, created_at),
  ADD KEY outbox_user (user_id, state, created_at);

UPDATE outbox SET state = 5;

CREATE TABLE message_cursors (
  chain_id BINARY(16) NOT NULL PRIMARY KEY,
  seq BIGINT UNSIGNED NOT NULL COMMENT 'the bookings up to this audit row have their messages'
) ENGINE=InnoDB COMMENT='how far the messages of new bookings were written, for each audit chain';

INSERT INTO message_cursors (chain_id, seq) SELECT chain_id, MAX(seq) FROM audit GROUP BY chain_id;

CREATE TABLE message_receipts (
  message_id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'the platform''s',
  outbox_id BINARY(16) NULL COMMENT 'NULL while the receipt came before the answer to the call that sent it',
  delivery TINYINT NULL COMMENT '1 delivered, 2 blocked by the user, 3 failed; NULL before the receipt',
  notice_key BINARY(16) NULL COMMENT 'of a notice''s receipt: as in outbox',
  at BIGINT NOT NULL,
  KEY message_receipts_notice (notice_key),
  KEY message_receipts_age (at)
) ENGINE=InnoDB COMMENT='what the platform calls our messages, and what became of them; whichever of the two is known first waits here for the other';

CREATE TABLE message_people (
  openid VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  follows TINYINT NOT NULL,
  at BIGINT NOT NULL,
  KEY message_people_age (follows, at)
) ENGINE=InnoDB COMMENT='whether somebody follows the account; who is not here may';

CREATE TABLE message_consents (
  openid VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  template_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  notices_left INT NOT NULL,
  PRIMARY KEY (openid, template_id)
) ENGINE=InnoDB COMMENT='notices that somebody has asked for and not got yet: one consent is one notice';

CREATE TABLE reminder_days (
  day DATE NOT NULL PRIMARY KEY,
  queued_at BIGINT NOT NULL
) ENGINE=InnoDB COMMENT='days of which all reminders are in the outbox; saves looking again';

ALTER TABLE sessions ADD KEY sessions_start (starts_at);

INSERT INTO leases (name, owner, until_ms) VALUES ('messages', REPEAT(CHAR(0), 16), 0);
