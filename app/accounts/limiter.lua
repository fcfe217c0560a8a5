--[[
Count attempts under a sliding-window limit.
  KEYS  limit: a list of the times (ms, by Redis' clock) of the last attempts that count, oldest first. An
        attempt that is under way counts too; its time has a minus, since it may still be taken back
  ARGV  act, max (attempts in a window), window (ms), time (of "fail" and "take back")
        act is "look" (count nothing), "count", "begin" (count, as under way), or, for an attempt that was
        begun at `time`, "fail" (it keeps counting) or "take back" (it does not)
  returns {wait, time}: wait is 0 if the attempt is accepted, else how many ms it has to wait, or -1 if an
        attempt that is under way has to end first; `time` of an accepted one names it later.
        A refused attempt is not counted and does not extend the wait
]]
-- Longer than a request: an attempt that is older will not end any more, and counts.
local UNDER_WAY = 10000
local key, act, max, window = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function text(number)
  return string.format('%.0f', number)
end

if act == 'take back' then
  redis.call('LREM', key, 1, '-' .. ARGV[4])
  return {0, 0}
end
if act == 'fail' then
  local place = redis.call('LPOS', key, '-' .. ARGV[4])
  if place then redis.call('LSET', key, place, ARGV[4]) end
  return {0, 0}
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- After the clock was set back, earlier times lie ahead of it. Each is replaced by the time now, once, so
-- that the window ends in its own length and not when the clock gets there again.
for index = -1, -max, -1 do
  local later = redis.call('LINDEX', key, index)
  if not later or math.abs(later) <= now then break end
  redis.call('LSET', key, index, text(now))
  redis.call('PEXPIRE', key, window + 1)
end
local oldest = redis.call('LINDEX', key, -max)
-- Both times are cut to whole milliseconds, so one millisecond is added.
local wait = oldest and math.abs(oldest) + window + 1 - now or 0
if wait > 0 then
  for _, counted in ipairs(redis.call('LRANGE', key, -max, -1)) do
    if tonumber(counted) < 0 and now + counted < UNDER_WAY then return {-1, 0} end
  end
  return {wait, 0}
end
if act ~= 'look' then
  redis.call('RPUSH', key, text(act == 'begin' and -now or now))
  redis.call('LTRIM', key, -max, -1)
  redis.call('PEXPIRE', key, window + 1)
end
return {0, now}
