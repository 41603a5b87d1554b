-- +goose Up
-- The guards of an exchange that had something against it, or could not decide: ",a,b,".
ALTER TABLE journal ADD COLUMN guarded TEXT NOT NULL DEFAULT '';
-- What guards made of exchanges, by the hour.
CREATE TABLE rollup_guard (
  hour      BIGINT NOT NULL,
  key       BLOB NOT NULL, -- hash of the texts that follow, and of output
  guard     TEXT NOT NULL,
  kind      TEXT NOT NULL,
  output    INTEGER NOT NULL, -- 1: it judged what came back
  mode      TEXT NOT NULL,
  action    TEXT NOT NULL,
  result    TEXT NOT NULL,
  model     TEXT NOT NULL,
  type      TEXT NOT NULL,   -- of what was found; empty: the row counts verdicts
  exchanges BIGINT NOT NULL,
  found     BIGINT NOT NULL, -- of the type
  PRIMARY KEY (hour, key)
) WITHOUT ROWID;
