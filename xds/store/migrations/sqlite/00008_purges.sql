-- +goose Up
-- What all control planes of a database share of purges of the cache: one row.
CREATE TABLE cache_purge_state (
  one     INTEGER NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL -- of the last purge
);
CREATE TABLE cache_purge (
  id         TEXT NOT NULL PRIMARY KEY,
  at         BIGINT NOT NULL, -- nanoseconds since 1970, by the database's clock
  selection  TEXT NOT NULL,   -- JSON
  ordered_by TEXT NOT NULL,
  reason     TEXT NOT NULL
);
