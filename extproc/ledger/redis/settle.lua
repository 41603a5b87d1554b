local id, ttl, all = ARGV[2], tonumber(ARGV[3]), limits() -- their amounts are what was used
local c = load(id)
if not c then -- it was given back and forgotten, or never taken: all of it is new
  c = { at = at, ttl = ttl, expires = at + ttl, taken = {}, late = true }
end
if not c.settled then
  for i, l in ipairs(all) do
    if c.late then
      change(l, l.amount * scale(l))
    else
      correct(c, c.taken[i], l.amount)
    end
  end
  c.settled = true
  save(id, c)
end
linger()
return { 1 }
