--- @include "clock"
--- @include "records"

-- Whether a job came within the last hour. All keys of its own were touched since then and have nearly all of their time
-- left: touching them again would be one command each for nothing.
local function is_fresh(job) return now() - (tonumber(job.created_at) or 0) < 3600 end
