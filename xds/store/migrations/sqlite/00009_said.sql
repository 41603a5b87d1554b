-- +goose Up
-- What the provider said: why the answer ended, in its own word; of a failure, as JSON; and its id of
-- the request. Empty: nothing.
ALTER TABLE journal ADD COLUMN finish TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN error TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN provider_request TEXT NOT NULL DEFAULT '';
