-- What the tenth version writes beside. EXCHANGE stands for an id.
UPDATE journal SET method = 'POST', path = '/v1/messages', request_ids = ',req-1,', traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', user_agent = 'tool/1', client_address = '192.0.2.1', limited_by = 'tier free tokens', retry_after = 1000000000 WHERE exchange = 'EXCHANGE';
