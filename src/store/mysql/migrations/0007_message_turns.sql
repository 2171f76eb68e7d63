-- Messages have their turns in the order of time, and offers theirs by themselves: a second attempt at an offer would
-- stand behind whatever was queued meanwhile.

ALTER TABLE outbox
  MODIFY COLUMN next_attempt_at BIGINT NOT NULL DEFAULT (FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)) COMMENT 'by this server''s clock; while it is claimed, when the claim lapses; of what was accepted, when',
  ADD KEY outbox_offers (kind, state, next_attempt_at, created_at);
