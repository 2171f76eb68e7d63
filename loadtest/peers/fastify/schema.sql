-- Run by the benchmark before the peer starts.
CREATE DATABASE IF NOT EXISTS peer CHARACTER SET utf8mb4;
CREATE TABLE IF NOT EXISTS peer.bookings (
  id BINARY(16) NOT NULL PRIMARY KEY,
  activity_id CHAR(32) CHARACTER SET ascii NOT NULL,
  user_id CHAR(32) CHARACTER SET ascii NOT NULL,
  created_at DATETIME(3) NOT NULL,
  UNIQUE KEY bookings_once (activity_id, user_id)
) ENGINE=InnoDB;
