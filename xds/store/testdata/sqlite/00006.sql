-- What the sixth version writes beside. EXCHANGE stands for an id.
INSERT INTO rollup_guard (hour, key, guard, kind, output, mode, action, result, model, type, exchanges, found)
VALUES (494520, x'01', 'cards', 'pii', 0, 'shadow', 'deny', 'denied', 'm', '', 1, 0)
ON CONFLICT (hour, key) DO UPDATE SET exchanges = rollup_guard.exchanges + excluded.exchanges, found = rollup_guard.found + excluded.found;
UPDATE journal SET guarded = ',cards,' WHERE exchange = 'EXCHANGE';
