-- +goose Up
CREATE SEQUENCE journal_seq;
CREATE TABLE journal (
  seq            BIGINT NOT NULL DEFAULT nextval('journal_seq'), -- the order in which rows came
  exchange       TEXT NOT NULL,
  opened_as      TEXT NOT NULL,
  attempt        INTEGER NOT NULL,
  kind           TEXT NOT NULL,
  day            INTEGER NOT NULL,
  began          BIGINT NOT NULL,
  revision       TEXT NOT NULL,
  dialect        TEXT NOT NULL,
  operation      TEXT NOT NULL,
  asked          TEXT NOT NULL,
  model          TEXT NOT NULL,
  caller         TEXT NOT NULL DEFAULT '',
  tier           TEXT NOT NULL DEFAULT '',
  username       TEXT NOT NULL,
  team           TEXT NOT NULL,
  feature        TEXT NOT NULL,
  session        TEXT NOT NULL,
  tags           TEXT NOT NULL,
  provider       TEXT NOT NULL,
  backend        TEXT NOT NULL,
  served         TEXT NOT NULL,
  response       TEXT NOT NULL,
  stream         INTEGER NOT NULL,
  status         INTEGER NOT NULL,
  outcome        TEXT NOT NULL,
  failed_by      TEXT NOT NULL,
  reason         TEXT NOT NULL,
  detail         TEXT NOT NULL,
  attempts       INTEGER NOT NULL,
  request_bytes  BIGINT NOT NULL,
  duration       BIGINT NOT NULL,
  first_token    BIGINT,
  input          BIGINT NOT NULL,
  cache_read     BIGINT NOT NULL,
  cache_write_5m BIGINT NOT NULL,
  cache_write_1h BIGINT NOT NULL,
  audio_input    BIGINT NOT NULL,
  output         BIGINT NOT NULL,
  reasoning      BIGINT NOT NULL,
  audio_output   BIGINT NOT NULL,
  searches       BIGINT NOT NULL,
  service_tier   TEXT NOT NULL,
  usage_source   TEXT NOT NULL,
  guessed        INTEGER NOT NULL DEFAULT 0, -- of a call: 1 if its usage or that of an attempt is estimated
  cost           BIGINT,
  saved          BIGINT NOT NULL DEFAULT 0,
  price          TEXT NOT NULL,
  unpriced       INTEGER NOT NULL,
  prompt         TEXT NOT NULL DEFAULT '',
  prompt_version TEXT NOT NULL DEFAULT '',
  experiment     TEXT NOT NULL DEFAULT '',
  arm            TEXT NOT NULL DEFAULT '',
  cache          TEXT NOT NULL DEFAULT '',
  guards         TEXT NOT NULL DEFAULT '',
  limits         TEXT NOT NULL DEFAULT '',
  tried          TEXT NOT NULL,
  stages         TEXT NOT NULL,
  dropped        TEXT NOT NULL,
  PRIMARY KEY (day, exchange, attempt, kind)
) PARTITION BY RANGE (day);
CREATE INDEX journal_came ON journal (seq);
CREATE INDEX journal_began ON journal (began, exchange, day);
CREATE INDEX journal_user ON journal (username, began, exchange, day);
CREATE INDEX journal_opened ON journal (opened_as) WHERE opened_as <> '';
CREATE INDEX journal_failed ON journal (began, exchange, day) WHERE failed_by <> '';
CREATE INDEX journal_estimated ON journal (began, exchange, day) WHERE guessed = 1;
-- The days that rows are of. Each is a partition in PostgreSQL.
CREATE TABLE journal_day (
  day  INTEGER NOT NULL PRIMARY KEY,
  came BIGINT NOT NULL -- when its last row did, within ten minutes; it counts for days that are over
);
-- What the rows of an hour have in some field, as a hash of both: a page skips other hours.
CREATE TABLE journal_mark (
  mark BIGINT NOT NULL,
  hour BIGINT NOT NULL,
  PRIMARY KEY (mark, hour)
);
CREATE TABLE rollup (
  hour BIGINT NOT NULL,
  key BYTEA NOT NULL, -- hash of the dimensions, which may be longer than an index takes
  username TEXT NOT NULL,
  team TEXT NOT NULL,
  feature TEXT NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  backend TEXT NOT NULL,
  prompt TEXT NOT NULL,
  prompt_version TEXT NOT NULL,
  experiment TEXT NOT NULL,
  arm TEXT NOT NULL,
  requests BIGINT NOT NULL,
  failed_client BIGINT NOT NULL,
  failed_gateway BIGINT NOT NULL,
  failed_provider BIGINT NOT NULL,
  failed_unknown BIGINT NOT NULL,
  input BIGINT NOT NULL,
  cache_read BIGINT NOT NULL,
  cache_write_5m BIGINT NOT NULL,
  cache_write_1h BIGINT NOT NULL,
  audio_input BIGINT NOT NULL,
  output BIGINT NOT NULL,
  reasoning BIGINT NOT NULL,
  audio_output BIGINT NOT NULL,
  searches BIGINT NOT NULL,
  cost BIGINT NOT NULL,
  saved BIGINT NOT NULL,
  unpriced BIGINT NOT NULL,
  estimated BIGINT NOT NULL,
  estimated_cost BIGINT NOT NULL,
  first_token BYTEA NOT NULL,
  duration BYTEA NOT NULL,
  PRIMARY KEY (hour, key)
) WITH (fillfactor = 70); -- rows are updated in place
CREATE INDEX rollup_hour ON rollup (hour); -- hours lie beside each other, which the other index does not show
-- The same by the day: a month is some thirty times as many rows as a question needs else.
CREATE TABLE rollup_day (
  day INTEGER NOT NULL,
  key BYTEA NOT NULL,
  username TEXT NOT NULL,
  team TEXT NOT NULL,
  feature TEXT NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  backend TEXT NOT NULL,
  prompt TEXT NOT NULL,
  prompt_version TEXT NOT NULL,
  experiment TEXT NOT NULL,
  arm TEXT NOT NULL,
  requests BIGINT NOT NULL,
  failed_client BIGINT NOT NULL,
  failed_gateway BIGINT NOT NULL,
  failed_provider BIGINT NOT NULL,
  failed_unknown BIGINT NOT NULL,
  input BIGINT NOT NULL,
  cache_read BIGINT NOT NULL,
  cache_write_5m BIGINT NOT NULL,
  cache_write_1h BIGINT NOT NULL,
  audio_input BIGINT NOT NULL,
  output BIGINT NOT NULL,
  reasoning BIGINT NOT NULL,
  audio_output BIGINT NOT NULL,
  searches BIGINT NOT NULL,
  cost BIGINT NOT NULL,
  saved BIGINT NOT NULL,
  unpriced BIGINT NOT NULL,
  estimated BIGINT NOT NULL,
  estimated_cost BIGINT NOT NULL,
  first_token BYTEA NOT NULL,
  duration BYTEA NOT NULL,
  PRIMARY KEY (day, key)
) WITH (fillfactor = 70);
-- The control planes that are up, and what each knows of its pairs.
CREATE TABLE replica (
  id    TEXT NOT NULL PRIMARY KEY,
  at    TIMESTAMPTZ NOT NULL, -- when it said so, by the clock of the database
  state BYTEA NOT NULL
);
