-- The store's clock. It is the only one that counts: those of APIs and workers may be wrong.

local seconds_and_microseconds -- asked at most once in a script
local function clock()
  seconds_and_microseconds = seconds_and_microseconds or redis.call('TIME')
  return tonumber(seconds_and_microseconds[1]), tonumber(seconds_and_microseconds[2])
end

-- Now, in epoch seconds.
local function now()
  local seconds, microseconds = clock()
  return seconds + microseconds / 1000000
end
