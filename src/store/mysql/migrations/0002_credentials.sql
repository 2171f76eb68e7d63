-- Credentials of other services, which all processes share.

CREATE TABLE credentials (
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  value VARBINARY(1024) NOT NULL DEFAULT '' COMMENT 'a secret; empty before the first',
  lapses_at_ms BIGINT NOT NULL DEFAULT 0 COMMENT 'by this server''s clock',
  turn BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'turns taken to renew it; only the latest may store',
  turn_until_ms BIGINT NOT NULL DEFAULT 0 COMMENT 'by this server''s clock'
) ENGINE=InnoDB COMMENT='credentials of other services and whose turn it is to renew them';
