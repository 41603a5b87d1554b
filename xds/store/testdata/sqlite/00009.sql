-- What the ninth version writes beside. EXCHANGE stands for an id.
UPDATE journal SET finish = 'end_turn', error = '{"status":529,"type":"overloaded_error"}', provider_request = 'req_1' WHERE exchange = 'EXCHANGE';
