-- What the second version writes beside. EXCHANGE stands for an id.
INSERT INTO access_state (one, pepper, version) VALUES (1, CAST('EXCHANGE' AS BLOB), 1)
ON CONFLICT (one) DO UPDATE SET version = access_state.version + 1;
INSERT INTO access_key (id, name, role, attributes, created, created_by, expires, revoked, revoked_by, changed)
VALUES ('EXCHANGE', 'EXCHANGE', '', '{"tier":"free"}', 1780272000000000000, 'ann', 0, 0, '', 1);
INSERT INTO access_hash (key, hash, created, until) VALUES ('EXCHANGE', CAST('EXCHANGE' AS BLOB), 1780272000000000000, 0);
