-- The levels and claims of one scope are fields of one hash: u:NAME and a:NAME of a level, c:ID of
-- a claim. A sorted set has what ends, by the time at which it does: c:ID of claims, w:NAME of
-- budgets' windows. All numbers are whole and below 2^53, as in ledger.Memory.
local hash, order = KEYS[1], KEYS[2]

local function now()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000000 + tonumber(t[2])
end
local at = now()

local function whole(n) return string.format('%.0f', n) end

local function scale(l) if l.period > 0 then return l.period end return 1 end

-- drained is what is left of a rate's level after some microseconds.
local function drained(used, max, micros)
  if max <= 0 then return used end
  if micros <= math.floor(used / max) then return used - micros * max end
  return 0
end

-- level returns what is used of a limit, after time has drained it, and when it was drained.
local function level(l)
  local v = redis.call('HMGET', hash, 'u:' .. l.name, 'a:' .. l.name)
  local used, last = tonumber(v[1]) or 0, tonumber(v[2]) or at
  if l.period > 0 and at > last then used, last = drained(used, l.max, at - last), at end
  return used, last
end

local keep = 0 -- microseconds until nothing of the scope is needed any more

local function set(l, used, last)
  used = math.max(0, used)
  if used == 0 then
    redis.call('HDEL', hash, 'u:' .. l.name, 'a:' .. l.name)
    return 0
  end
  local new = redis.call('HSET', hash, 'u:' .. l.name, whole(used), 'a:' .. l.name, whole(last))
  if l.period > 0 then
    keep = math.max(keep, math.ceil(used / math.max(l.max, 1)))
  else
    keep = math.max(keep, l.ends - at)
    if new > 0 then redis.call('ZADD', order, whole(l.ends), 'w:' .. l.name) end
  end
  return used
end

local function change(l, parts)
  local used, last = level(l)
  return set(l, used + parts, last)
end

local function load(id)
  local v = redis.call('HGET', hash, 'c:' .. id)
  return v and cmsgpack.unpack(v)
end

local function save(id, c)
  redis.call('HSET', hash, 'c:' .. id, cmsgpack.pack(c))
  redis.call('ZADD', order, whole(c.expires), 'c:' .. id)
  keep = math.max(keep, c.expires + c.ttl - at)
end

-- correct replaces what a claim took of a limit by what was used. What has drained does not go
-- back.
local function correct(c, l, used)
  local excess = (l.amount - used) * scale(l)
  if excess > 0 and l.period > 0 then
    excess = math.min(excess, drained(l.top, l.max, math.max(at - c.at, 0)))
  end
  change(l, -excess)
end

-- give_back gives back what was not settled in time, and forgets in a second turn that a claim
-- was there: a settlement may still come.
local function give_back(id)
  local c = load(id)
  if not c or c.late then
    redis.call('HDEL', hash, 'c:' .. id)
    redis.call('ZREM', order, 'c:' .. id)
    return
  end
  if not c.settled then
    for _, l in ipairs(c.taken) do correct(c, l, 0) end
  end
  c.late, c.expires = true, c.expires + c.ttl
  save(id, c)
end

local function expire()
  for _, entry in ipairs(redis.call('ZRANGEBYSCORE', order, '-inf', whole(at), 'LIMIT', 0, 100)) do
    local kind, name = string.sub(entry, 1, 2), string.sub(entry, 3)
    if kind == 'c:' then
      give_back(name)
    else
      redis.call('HDEL', hash, 'u:' .. name, 'a:' .. name)
      redis.call('ZREM', order, entry)
    end
  end
end
expire()

-- limits reads those of the arguments, six each from the fourth on.
local function limits()
  local all = {}
  for i = 4, #ARGV, 6 do
    all[#all + 1] = {
      name = ARGV[i], max = tonumber(ARGV[i + 1]), period = tonumber(ARGV[i + 2]), ends = tonumber(ARGV[i + 3]),
      amount = tonumber(ARGV[i + 4]), shadow = ARGV[i + 5] == '1',
    }
  end
  return all
end

-- add_balance adds where a limit stands to an answer: what is left, how long to wait for what is
-- missing, how long until it is unused, whether it is exceeded.
local function add_balance(out, l, over)
  local used, room, missing = level(l), l.max * scale(l), 0
  if over then missing = math.max(l.amount, 1) end
  local lacks, wait, reset = used + missing * scale(l) - room, 0, 0
  if l.period > 0 then
    reset = math.ceil(used / math.max(l.max, 1))
    if lacks > 0 and missing <= l.max then wait = math.ceil(lacks / math.max(l.max, 1)) end
  else
    if used > 0 then reset = math.max(l.ends - at, 0) end
    if lacks > 0 and missing <= l.max then wait = reset end
  end
  for _, n in ipairs({ math.floor((room - used) / scale(l)), wait, reset, over and 1 or 0 }) do out[#out + 1] = n end
end

-- linger keeps the scope as long as it is needed, and never shortens that.
local function linger()
  local ms = math.ceil(keep / 1000) + 1000
  for _, key in ipairs(KEYS) do
    if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, ms) end
  end
end
