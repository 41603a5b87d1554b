-- What the seventh version writes beside. EXCHANGE stands for an id.
INSERT INTO rollup_cache (hour, key, model, caller, team, feature, result, reason, not_stored, verdict, semantic, exchanges, stored, saved, sooner)
VALUES (494520, x'01', 'm', 'ci', '', '', 'semantic_hit', '', '', '', 1, 1, 0, 3150000, 2000000000)
ON CONFLICT (hour, key) DO UPDATE SET exchanges = rollup_cache.exchanges + excluded.exchanges, stored = rollup_cache.stored + excluded.stored,
  saved = rollup_cache.saved + excluded.saved, sooner = rollup_cache.sooner + excluded.sooner;
UPDATE rollup SET cache_lookups = 1, cache_hits = 1 WHERE key = CAST('EXCHANGE' AS BLOB);
UPDATE rollup_day SET cache_lookups = 1, cache_hits = 1 WHERE key = CAST('EXCHANGE' AS BLOB);
UPDATE journal SET saved = 3150000, cache = '{"result":"semantic_hit"}', cached = 'semantic_hit', entry = 'EXCHANGE' WHERE exchange = 'EXCHANGE';
