-- What the fifth version writes beside. EXCHANGE stands for an id.
UPDATE journal SET parent = '01KVNCKD80000000000000000A' WHERE exchange = 'EXCHANGE';
