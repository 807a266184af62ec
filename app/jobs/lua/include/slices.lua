--- @include "records"

-- Makes the record of a slice that waits. Where there may be one, of a life before a retry, its fence is kept.
local function make_slice(id, is_new)
  local fields = {schema = SCHEMA, id = id, job = job_of(id), status = 'queued'}
  if is_new then
    fields.fence = 0
  else
    redis.call('HSETNX', key.slice_(id), 'fence', 0)
    redis.call('HDEL', key.slice_(id), 'attempts', 'crashes')
  end
  write_slice({id = id}, fields)
  touch_ttl(key.slice_(id))
  slices_read[id] = nil
end
