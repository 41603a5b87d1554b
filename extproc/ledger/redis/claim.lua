local id, ttl, all = ARGV[2], tonumber(ARGV[3]), limits(4)
local known, granted, over = load(id), true, {}
for i, l in ipairs(all) do
  local used = level(l)
  if l.amount == 0 then
    over[i] = used > l.max * scale(l)
  else
    over[i] = used + l.amount * scale(l) > l.max * scale(l)
  end
  over[i] = over[i] and not known
  granted = granted and (not over[i] or l.shadow)
end
if granted and not known then
  for _, l in ipairs(all) do l.top = change(l, l.amount * scale(l)) end
  save(id, { at = at, ttl = ttl, expires = at + ttl, taken = all })
end
local out = { granted and 1 or 0 }
for i, l in ipairs(all) do
  local used = level(l)
  local missing, room = 0, l.max * scale(l)
  if over[i] then missing = math.max(l.amount, 1) end
  local lacks, wait, reset = used + missing * scale(l) - room, 0, 0
  if l.period > 0 then
    reset = math.ceil(used / math.max(l.max, 1))
    if lacks > 0 and missing <= l.max then wait = math.ceil(lacks / math.max(l.max, 1)) end
  else
    if used > 0 then reset = l.ends - at end
    if lacks > 0 and missing <= l.max then wait = reset end
  end
  for _, n in ipairs({ math.floor((room - used) / scale(l)), wait, reset, over[i] and 1 or 0 }) do out[#out + 1] = n end
end
linger()
return out
