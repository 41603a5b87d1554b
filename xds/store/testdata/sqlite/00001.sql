-- What the first version writes. EXCHANGE stands for an id.
INSERT INTO journal_day (day, came) VALUES (20605, 1780272000) ON CONFLICT DO NOTHING;
INSERT INTO journal (
  exchange, opened_as, attempt, kind, day, began, revision, dialect, operation, asked, model, username, team,
  feature, session, tags, provider, backend, served, response, stream, status, outcome, failed_by,
  reason, detail, attempts, request_bytes, duration, first_token, input, cache_read,
  cache_write_5m, cache_write_1h, audio_input, output, reasoning, audio_output, searches,
  service_tier, usage_source, cost, saved, price, unpriced, tried, stages, dropped)
VALUES (
  'EXCHANGE', '', 1, 'call', 20605, 1780272000000000000, '', '', '', '', '', 'ann', '', '', '', '',
  '', '', '', '', 0, 0, 'ok', '', '', '', 0, 0, 0, 0, 450, 0, 0, 0, 0, 120, 0, 0, 0, '', '',
  3150000, 0, '', 0, '', '', '')
ON CONFLICT DO NOTHING;
INSERT INTO rollup (
  hour, key, username, team, feature, model, provider, backend, prompt, prompt_version,
  experiment, arm, requests, failed_client, failed_gateway, failed_provider, failed_unknown,
  input, cache_read, cache_write_5m, cache_write_1h, audio_input, output, reasoning, audio_output,
  searches, cost, saved, unpriced, estimated, estimated_cost, first_token, duration)
VALUES (
  494520, CAST('EXCHANGE' AS BLOB), 'ann', '', '', '', '', '', '', '', '', '', 1, 0, 0, 0, 0, 450,
  0, 0, 0, 0, 120, 0, 0, 0, 3150000, 0, 0, 0, 0, x'00', x'00')
ON CONFLICT DO NOTHING;
INSERT INTO rollup_day (
  day, key, username, team, feature, model, provider, backend, prompt, prompt_version,
  experiment, arm, requests, failed_client, failed_gateway, failed_provider, failed_unknown,
  input, cache_read, cache_write_5m, cache_write_1h, audio_input, output, reasoning, audio_output,
  searches, cost, saved, unpriced, estimated, estimated_cost, first_token, duration)
VALUES (
  20605, CAST('EXCHANGE' AS BLOB), 'ann', '', '', '', '', '', '', '', '', '', 1, 0, 0, 0, 0, 450,
  0, 0, 0, 0, 120, 0, 0, 0, 3150000, 0, 0, 0, 0, x'00', x'00')
ON CONFLICT DO NOTHING;
