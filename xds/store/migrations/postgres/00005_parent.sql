-- +goose Up
-- The exchange on whose behalf the gateway made a call of its own; empty: none.
ALTER TABLE journal ADD COLUMN parent TEXT NOT NULL DEFAULT '';
