--- @include "records"

-- Adds to the stream of events. A new stream gets its time here; the audits renew it.
local function publish_event(job, kind, ...)
  local entry = {'MAXLEN', '~', EVENTS_KEPT, '*', 'job', job, 'type', kind, ...}
  if redis.call('XADD', key.EVENTS, 'NOMKSTREAM', unpack(entry)) then return end
  redis.call('XADD', key.EVENTS, unpack(entry))
  touch_ttl(key.EVENTS)
end
