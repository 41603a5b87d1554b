local out = { 1 }
for _, l in ipairs(limits()) do
  local used = level(l)
  l.amount = 0
  add_balance(out, l, false)
  out[#out] = used > l.max * scale(l) and 1 or 0
end
return out
