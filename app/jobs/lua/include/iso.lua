--- @include "clock"

-- Now in UTC, in the format of RQ: 2026-01-31T12:00:00.123456Z. The Lua of a store has no os.date. The date is computed as
-- in https://howardhinnant.github.io/date_algorithms.html#civil_from_days.
local function iso()
  local floor, seconds, microseconds = math.floor, clock()
  local day = floor(seconds / 86400) + 719468 -- days since 0000-03-01
  local era = floor(day / 146097)
  day = day - era * 146097
  local year = floor((day - floor(day / 1460) + floor(day / 36524) - floor(day / 146096)) / 365)
  day = day - (365 * year + floor(year / 4) - floor(year / 100))
  local month = floor((5 * day + 2) / 153) -- since March
  day = day - floor((153 * month + 2) / 5) + 1
  month = month < 10 and month + 3 or month - 9
  year = year + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%06dZ', year, month, day, floor(seconds / 3600) % 24,
    floor(seconds / 60) % 60, seconds % 60, microseconds)
end
