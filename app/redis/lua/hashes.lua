-- Hashes as tables. A field that is not there is nil.

local function read_hash(name, fields)
  local values, found = redis.call('HMGET', name, unpack(fields)), {}
  for index, field in ipairs(fields) do found[field] = values[index] or nil end
  return found
end

local function read_whole_hash(name)
  local words, found = redis.call('HGETALL', name), {}
  for index = 1, #words, 2 do found[words[index]] = words[index + 1] end
  return found
end

-- A table as {name, value, name, value, ...}: how HSET takes it, and how scripts answer with names.
local function named(fields)
  local words = {}
  for name, value in pairs(fields) do
    words[#words + 1] = name
    words[#words + 1] = value
  end
  return words
end

local function write_hash(name, fields) redis.call('HSET', name, unpack(named(fields))) end
