-- Who a person of the chat platform is, and logins that are on their way there.

ALTER TABLE users MODIFY openid VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL
  COMMENT 'of a development login; everybody else is in identities';

CREATE TABLE identities (
  appid VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the service account''s or the mini-program''s',
  openid VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the person, to that account alone',
  unionid VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the person, to all accounts of our owner',
  user_id BINARY(16) NOT NULL,
  created_at BIGINT NOT NULL,
  unbound_at BIGINT NULL COMMENT 'since when it stands for nobody; wiped after the grace period',
  PRIMARY KEY (appid, openid),
  KEY identities_unionid (unionid),
  KEY identities_user (user_id),
  KEY identities_unbound (unbound_at),
  CONSTRAINT identities_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB COMMENT='people of the chat platform; a user may have several';

CREATE TABLE login_states (
  state BINARY(16) NOT NULL PRIMARY KEY,
  browser BINARY(32) NOT NULL COMMENT 'SHA-256 of the cookie of the browser that began it',
  address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  return_to VARCHAR(512) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  open TINYINT NULL DEFAULT 1 COMMENT '1 until it has come back, else NULL',
  restart TINYINT NOT NULL COMMENT '1: begun by us, since the login before it failed',
  created_at_ms BIGINT NOT NULL COMMENT 'by this server''s clock',
  KEY login_states_address (address, open, created_at_ms),
  KEY login_states_browser (browser, restart, created_at_ms),
  KEY login_states_age (created_at_ms)
) ENGINE=InnoDB COMMENT='logins that were begun and may come back once';
