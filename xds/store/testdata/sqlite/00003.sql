-- What the third version writes beside. EXCHANGE stands for an id.
UPDATE rollup SET caller = 'ci', tier = 'free' WHERE key = CAST('EXCHANGE' AS BLOB);
UPDATE rollup_day SET caller = 'ci', tier = 'free' WHERE key = CAST('EXCHANGE' AS BLOB);
