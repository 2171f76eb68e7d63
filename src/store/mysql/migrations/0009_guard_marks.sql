-- A mark at each programme's guard, so that a group commit can be decided beforehand and go to the server as one packet.
-- The constraint is what refuses a claim on a guard that carries another mark.

ALTER TABLE programme_guards
  ADD COLUMN mark BINARY(16) NOT NULL DEFAULT '' COMMENT 'of the memory that knows all bookings up to this count',
  ADD CONSTRAINT programme_guards_count CHECK (commits > 0);
