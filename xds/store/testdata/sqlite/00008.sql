-- What the eighth version writes beside. EXCHANGE stands for an id.
INSERT INTO cache_purge_state (one, version) VALUES (1, 0) ON CONFLICT DO NOTHING;
UPDATE cache_purge_state SET version = version + 1 WHERE one = 1;
INSERT INTO cache_purge (id, at, selection, ordered_by, reason) VALUES ('EXCHANGE', 1780272000000000000, '{"model":"m"}', 'ann', 'wrong');
DELETE FROM cache_purge WHERE id = 'none';
