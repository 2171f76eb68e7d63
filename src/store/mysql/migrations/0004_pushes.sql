-- What the chat platform pushes: dealt with once by all processes together.

CREATE TABLE pushes (
  push_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'alike in every repetition',
  turn BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'turns taken to deal with it; only the latest may answer',
  turn_until_ms BIGINT NOT NULL DEFAULT 0 COMMENT 'by this server''s clock',
  answer VARBINARY(2048) NULL COMMENT 'the words, UTF-8; empty for none, NULL until it was dealt with',
  created_at BIGINT NOT NULL,
  KEY pushes_age (created_at)
) ENGINE=InnoDB COMMENT='pushes and how they were answered, so that a repetition is answered alike';

CREATE TABLE chat_choices (
  openid VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  bookings VARBINARY(512) NOT NULL COMMENT 'ids, 16 bytes each, as they were numbered from 1',
  told_at BIGINT NOT NULL,
  KEY chat_choices_age (told_at)
) ENGINE=InnoDB COMMENT='what the numbers stand for that somebody was told to choose from';

CREATE TABLE follow_counts (
  day DATE NOT NULL COMMENT 'the town''s',
  scene VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of the QR code; empty: none of ours',
  followed INT UNSIGNED NOT NULL DEFAULT 0,
  unfollowed INT UNSIGNED NOT NULL DEFAULT 0,
  scanned INT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (day, scene)
) ENGINE=InnoDB COMMENT='how many came from which QR code; no row says who';
