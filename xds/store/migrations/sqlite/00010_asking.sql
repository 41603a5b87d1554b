-- +goose Up
-- How a request was asked: its method and path, the ids that its client or a hop gave it, with a
-- comma before and after each, its place in a trace, the client's program and address. Empty: it is
-- not known. And of one that was refused, the limit by which, and after how many nanoseconds the
-- client was asked to try again; 0: it was not.
ALTER TABLE journal ADD COLUMN method TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN path TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN request_ids TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN traceparent TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN client_address TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN limited_by TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN retry_after INTEGER NOT NULL DEFAULT 0;
