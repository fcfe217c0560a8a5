--[[
One attempt under a sliding-window limit.
  KEYS  limit: a list of the times (ms, by Redis' clock) of the last accepted attempts, oldest first
  ARGV  most (attempts in a window), window (ms)
  gives 0 when the attempt is accepted and has been counted, else how many ms it has to wait;
        a refused attempt is not counted and does not extend the wait
]]
local most, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local oldest = redis.call('LINDEX', KEYS[1], -most)
-- Both times are cut to whole milliseconds, so one more is asked for.
local wait = oldest and math.min(tonumber(oldest) + window + 1 - now, window + 1) or 0
if wait > 0 then return wait end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('LTRIM', KEYS[1], -most, -1)
redis.call('PEXPIRE', KEYS[1], window + 1)
return 0
