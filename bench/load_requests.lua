-- Run behind the store's prelude: requests `from` to `to`, alike but for id, number and place, as `register` writes them.
for n = a.from, a.to do
  local f = {}
  for name, value in pairs(a.fields) do f[name] = value end
  f.id, f.number = string.format('%032x', n), string.format('+00%08d', n)
  f.matter, f.place = f.number .. '|' .. f.topic, string.format('%.3f', f.place + n / 1000)
  a.entry = {act = 'registered'}
  write(f.id, {}, f)
end
return a.to
