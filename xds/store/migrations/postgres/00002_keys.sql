-- +goose Up
-- What all control planes of a database share of keys: one row.
CREATE TABLE access_state (
  one     INTEGER NOT NULL PRIMARY KEY,
  pepper  BYTEA NOT NULL,  -- of the hashes
  version BIGINT NOT NULL -- of the last change of any key
);
CREATE TABLE access_key (
  id         TEXT NOT NULL PRIMARY KEY, -- in the key itself
  name       TEXT NOT NULL,
  role       TEXT NOT NULL, -- in the admin API; empty: it is a caller's
  attributes TEXT NOT NULL, -- JSON
  created    BIGINT NOT NULL, -- nanoseconds since 1970, as all that follow
  created_by TEXT NOT NULL,
  expires    BIGINT NOT NULL, -- 0: never
  revoked    BIGINT NOT NULL, -- 0: it is not
  revoked_by TEXT NOT NULL,
  changed    BIGINT NOT NULL  -- version of its last change
);
CREATE UNIQUE INDEX access_key_name ON access_key (name) WHERE revoked = 0;
CREATE INDEX access_key_changed ON access_key (changed);
CREATE TABLE access_hash (
  key     TEXT NOT NULL,
  hash    BYTEA NOT NULL,   -- HMAC-SHA256 of the key under the pepper
  created BIGINT NOT NULL,
  until   BIGINT NOT NULL, -- when it was or is replaced; 0: it is not
  PRIMARY KEY (key, hash)
);
