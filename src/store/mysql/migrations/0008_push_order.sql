-- What the chat platform tells twice, and what it tells late.

CREATE TABLE consent_marks (
  push_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'as in pushes',
  created_at BIGINT NOT NULL,
  KEY consent_marks_age (created_at)
) ENGINE=InnoDB COMMENT='pushes whose consents are in message_consents already';

ALTER TABLE identities ADD COLUMN follow_told_s BIGINT NULL
  COMMENT 'by the platform''s clock: the newest that it has told of following or leaving';

ALTER TABLE message_people ADD COLUMN told_s BIGINT NULL
  COMMENT 'by the platform''s clock: the newest that it has told of this; NULL where it was found out otherwise';
