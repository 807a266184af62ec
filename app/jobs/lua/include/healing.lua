-- Part of every script of jobs. A key that others have overwritten, or a number in it, costs the job it belongs to and
-- nothing else: it is removed, and what is lost is treated as lost. A key of one word may be another application's: there
-- the error is raised.
local server = redis
local redis = {}
function redis.call(...)
  local answer = server.pcall(...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  local _, name, field = ...
  if string.find(answer.err, 'WRONGTYPE', 1, true) and string.find(name, ':', 1, true) then
    server.call('DEL', name)
  elseif string.find(answer.err, 'hash value is not', 1, true) or string.find(answer.err, 'would overflow', 1, true) then
    server.call('HDEL', name, field)
  elseif string.find(answer.err, 'value is not an integer', 1, true) then
    server.call('DEL', name)
  end
  return server.call(...)
end
