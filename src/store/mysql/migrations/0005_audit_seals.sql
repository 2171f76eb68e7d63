-- Where the audit's chains stood, minute by minute.

CREATE TABLE audit_seals (
  number BIGINT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'from 1 without a gap',
  at BIGINT NOT NULL COMMENT 'by this server''s clock',
  chain_id BINARY(16) NOT NULL,
  seq BIGINT UNSIGNED NOT NULL COMMENT 'of the newest row of that chain then',
  head BINARY(32) NOT NULL COMMENT 'the hash of that row',
  prev_seal BINARY(32) NOT NULL COMMENT 'the seal before; zeros in the first',
  seal BINARY(32) NOT NULL,
  KEY audit_seals_chain (chain_id, seq)
) ENGINE=InnoDB COMMENT='heads of the audit''s chains, in one chain themselves: who cuts or rewrites an audit chain contradicts its seals; append-only';
