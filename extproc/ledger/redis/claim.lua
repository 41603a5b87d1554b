local id, ttl, all = ARGV[2], tonumber(ARGV[3]), limits()
local known, granted, over = load(id), true, {}
for i, l in ipairs(all) do
  local used, room = level(l), l.max * scale(l)
  over[i] = not known and (used + l.amount * scale(l) > room)
  granted = granted and (not over[i] or l.shadow)
end
if granted and not known then
  for _, l in ipairs(all) do l.top = change(l, l.amount * scale(l)) end
  save(id, { at = at, ttl = ttl, expires = at + ttl, taken = all })
end
local out = { granted and 1 or 0 }
for i, l in ipairs(all) do add_balance(out, l, over[i]) end
linger()
return out
