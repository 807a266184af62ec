--- @include "rings"
--- @include "slices"
-- Says what was learned of a document: how many pages it has, and which of this slice are stored already. The first time,
-- a document of more than one slice gets the others. Returns 1, or 0 where the slice is no longer the caller's.
local slice, job = held(args.claim, 'pages_done', 'pages_since')
if not slice then return 0 end
local is_first, slices = not job.slices, math.max(1, math.ceil(args.total / args.slice_pages))
local fields, done = {}, tonumber(job.pages_done) or 0
if is_first then
  fields = {pages_total = args.total, slice_pages = args.slice_pages, slices = slices, slices_open = slices}
end
if #args.stored > 0 then
  for _, page in ipairs(args.stored) do redis.call('SETBIT', key.pages(job.id), page, 1) end
  touch_ttl(key.pages(job.id))
  -- Where the bitmap was lost the record knows of more pages than it does, and none of them is counted again.
  done = math.max(done, math.min(redis.call('BITCOUNT', key.pages(job.id)), args.total))
  fields.pages_done = done
end
if not job.pages_since then
  fields.pages_since = now()
  if done > 0 then fields.pages_from = done end -- of a life before a retry
end
if next(fields) then write_job(job, fields) end
if is_first and slices > 1 then
  for number = 1, slices - 1 do
    local id = job.id .. '-' .. number
    make_slice(id, false)
    redis.call('ZADD', key.active(args.queue), now(), id)
    wait(args.queue, id, 'RPUSH')
  end
  refill(args.queue)
end
return 1
