-- What the fourth version writes beside. EXCHANGE stands for an id.
INSERT INTO audit (id, at, key, author, action, subject, was, became, reason, outcome)
VALUES ('EXCHANGE', 1780272000000000000, 'local', 'ann', 'policy.push', 'policy', 'a', 'b', 'less', 'done') ON CONFLICT DO NOTHING;
