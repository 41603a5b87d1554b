-- What the third version writes beside. EXCHANGE stands for an id.
UPDATE rollup SET caller = 'ci', tier = 'free' WHERE key = convert_to('EXCHANGE', 'UTF8');
UPDATE rollup_day SET caller = 'ci', tier = 'free' WHERE key = convert_to('EXCHANGE', 'UTF8');
