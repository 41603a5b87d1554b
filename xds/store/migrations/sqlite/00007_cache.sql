-- +goose Up
-- What came of looking for an answer in the cache, the entry that was given or was the nearest, and
-- the one as which the answer is kept; empty: there is none.
ALTER TABLE journal ADD COLUMN cached TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN entry TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN stored TEXT NOT NULL DEFAULT '';
-- Requests for which an answer was looked for, and those to which one was given.
ALTER TABLE rollup ADD COLUMN cache_lookups BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollup ADD COLUMN cache_hits BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollup_day ADD COLUMN cache_lookups BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollup_day ADD COLUMN cache_hits BIGINT NOT NULL DEFAULT 0;
-- What the cache made of exchanges, by the hour.
CREATE TABLE rollup_cache (
  hour       BIGINT NOT NULL,
  key        BLOB NOT NULL, -- hash of the texts that follow, and of semantic
  model      TEXT NOT NULL,
  caller     TEXT NOT NULL,
  team       TEXT NOT NULL,
  feature    TEXT NOT NULL,
  result     TEXT NOT NULL,
  reason     TEXT NOT NULL,
  not_stored TEXT NOT NULL,
  verdict    TEXT NOT NULL,
  semantic   INTEGER NOT NULL, -- 1: questions were compared
  exchanges  BIGINT NOT NULL,
  stored     BIGINT NOT NULL, -- of them, those whose answer is kept
  saved      BIGINT NOT NULL, -- nano-USD; of hits in shadow what they would have saved, as sooner
  sooner     BIGINT NOT NULL, -- nanoseconds
  PRIMARY KEY (hour, key)
) WITHOUT ROWID;
