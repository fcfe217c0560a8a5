--[[
Count one attempt under a sliding-window limit.
  KEYS  limit: a list of the times (ms, by Redis' clock) of the last accepted attempts, oldest first
  ARGV  max (attempts in a window), window (ms)
  returns 0 if the attempt is accepted and has been counted, else how many ms it has to wait;
        a refused attempt is not counted and does not extend the wait
]]
local max, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- After the clock was set back, earlier times lie ahead of it. Each is replaced by the time now, once, so
-- that the window ends in its own length and not when the clock gets there again.
for index = -1, -max, -1 do
  local later = redis.call('LINDEX', KEYS[1], index)
  if not later or tonumber(later) <= now then break end
  redis.call('LSET', KEYS[1], index, string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], window + 1)
end
local oldest = redis.call('LINDEX', KEYS[1], -max)
-- Both times are cut to whole milliseconds, so one millisecond is added.
local wait = oldest and tonumber(oldest) + window + 1 - now or 0
if wait > 0 then return wait end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('LTRIM', KEYS[1], -max, -1)
redis.call('PEXPIRE', KEYS[1], window + 1)
return 0
