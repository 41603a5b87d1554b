-- +goose Up
-- Who changed what through the admin API.
CREATE TABLE audit (
  id      TEXT PRIMARY KEY, -- in the order of time
  at      BIGINT NOT NULL DEFAULT 0, -- nanoseconds since 1970
  key     TEXT NOT NULL DEFAULT '', -- id of the admin key
  author  TEXT NOT NULL DEFAULT '',
  action  TEXT NOT NULL DEFAULT '',
  subject TEXT NOT NULL DEFAULT '',
  was     TEXT NOT NULL DEFAULT '',
  became  TEXT NOT NULL DEFAULT '',
  reason  TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT ''
);
CREATE INDEX audit_at ON audit (at);
