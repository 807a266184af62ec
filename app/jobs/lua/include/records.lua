--- @include "hashes"
-- The records of jobs and slices as tables. A script reads a record once: what it writes goes into the same table.

-- What most scripts need of a job; app/jobs/codec.py describes all fields.
local JOB_FIELDS = {'status', 'engine', 'client', 'priority', 'created_at', 'fetch_from', 'slices', 'callback_url', 'confided'}
local SLICE_FIELDS = {'schema', 'status', 'fence', 'execution', 'worker', 'attempts', 'crashes'}
local jobs_read, slices_read = {}, {}

local function touch_ttl(name) redis.call('EXPIRE', name, RECORD_TTL) end

local function is_open(status) return status == 'queued' or status == 'running' end

-- The id of the job that a slice is of; a job with this id need not exist. An entry that others made may be no slice's.
local function job_of(slice_id) return string.match(slice_id, '^(.*)-%d+$') or '' end

-- Takes note of a job's record that has been read.
local function know_job(id, job)
  job.id, job.client = id, job.client or ANONYMOUS
  jobs_read[id] = job
  return job
end

-- A job; without a status where its record is gone. The first call in a script names the further fields that it needs.
local function read_job(id, ...)
  if jobs_read[id] then return jobs_read[id] end
  local fields = {...}
  for _, field in ipairs(JOB_FIELDS) do fields[#fields + 1] = field end
  return know_job(id, read_hash(key.job(id), fields))
end

local function write_job(job, fields)
  write_hash(key.job(job.id), fields)
  for name, value in pairs(fields) do job[name] = value end
end

-- A slice; without a status where its record is gone.
local function read_slice(id)
  if not slices_read[id] then
    slices_read[id] = read_hash(key.slice_(id), SLICE_FIELDS)
    slices_read[id].id = id
  end
  return slices_read[id]
end

local function write_slice(slice, fields)
  write_hash(key.slice_(slice.id), fields)
  for name, value in pairs(fields) do slice[name] = value end
end

-- The fence: a slice and its job, where the slice is still in the hands of who claimed it; else nil. A store that was
-- rolled back (a replica that was behind, a restored copy) gives out the same number again, but never the same execution.
local function held(claim, ...)
  local slice = read_slice(claim.slice_id)
  local is_claimed = slice.status == 'running' and tonumber(slice.fence) == claim.fence
  if not is_claimed or slice.execution ~= claim.execution then return end
  local job = read_job(job_of(slice.id), ...)
  if is_open(job.status) then return slice, job end
end
