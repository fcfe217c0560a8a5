--[[
The rules of voting that an organiser sets (app/voting/rules), and the votes in force of each account.
Every shard has a copy of the rules. While there is no copy, votes are refused as if the shard was not
compared with PostgreSQL, since the comparison sets the rules.

set_rules: set the rules of a shard; it need not be compared yet
  KEYS  epoch (not used), events, rules, counts, claims
  ARGV  revision, a revision that may be replaced though it is newer (-1 for none), from and until (ms,
        0 for none), policies, budget (0 for none), 'anew' to move the end behind the last event
  policies, a letter each: 'd' no downvotes, 'D' downvotes, 's' no votes on the user's own project,
        'S' votes on it; without a letter the arguments of `cast` decide. 'P' everybody sees the tallies,
        'V' once voting has ended, for web processes that start while PostgreSQL is away
  returns the end (ms) of these rules; rules that are older than those of the shard change nothing

rules_state: which rules a shard has, and the time of Redis
  KEYS  epoch (not used), rules
  returns the revision (-1: no rules), the time (ms), and whether only admins see the tallies (1 or 0)

votes_in_force: how many votes an account has in force
  KEYS  epoch, counts
  ARGV  user
  returns the count, or -1 if it is not known

claim_counts: announce that the votes in force of accounts are being counted in PostgreSQL
  KEYS  epoch, counts, claims
  ARGV  token, users
  returns a token for each user, which may be that of another process; '' if the count is known

install_counts: store counts, unless the account's votes have changed since the claim
  KEYS  epoch, counts, claims
  ARGV  for each account: user, token, count
  returns how many were stored

forget_counts: count the votes in force of all accounts anew
  KEYS  epoch (not used), counts, claims
  returns 1
]]

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The time of the last event, or of the last one that the stream had (ms).
local function last_event_ms(events)
  local info = redis.pcall('XINFO', 'STREAM', events)
  for n = 1, #info, 2 do
    if info[n] == 'last-generated-id' then return tonumber(string.match(info[n + 1], '%d+')) end
  end
  return 0
end

-- An event's time is the later one of these two: after the clock was set back, the stream's ids go on.
local function event_ms(events, now) return math.max(now, last_event_ms(events)) end

-- After the clock was set back, the last event may be later than now. Then voting ends at once too: the
-- stream's next id is not before the end.
local function end_behind_events(events, until_ms)
  local last = last_event_ms(events)
  if last < until_ms then return until_ms end
  local id = string.format('%.0f-0', last + 1)
  redis.call('XADD', events, id, 'vote', '')
  redis.call('XDEL', events, id)
  return last + 1
end

local function set_rules(keys, args)
  local revision, until_ms, budget = tonumber(args[1]), tonumber(args[4]), tonumber(args[6])
  local known = redis.call('HMGET', keys[3], 'revision', 'budget')
  if known[1] and tonumber(known[1]) > revision and known[1] ~= args[2] then return until_ms end
  if args[7] == 'anew' and until_ms > 0 then until_ms = end_behind_events(keys[2], until_ms) end
  -- Without a budget nobody counts.
  if (tonumber(known[2] or 0) > 0) ~= (budget > 0) then redis.call('UNLINK', keys[4], keys[5]) end
  redis.call('HSET', keys[3], 'revision', args[1], 'from', args[3],
    'until', string.format('%.0f', until_ms), 'policies', args[5], 'budget', args[6])
  return until_ms
end

local function rules_state(keys)
  local fields, now = redis.call('HMGET', keys[2], 'revision', 'policies', 'until'), now_ms()
  if not fields[1] then return { -1, now, 1 } end
  local ended = tonumber(fields[3]) > 0 and now >= tonumber(fields[3])
  local public = string.find(fields[2], 'P') or ended and string.find(fields[2], 'V')
  return { tonumber(fields[1]), now, public and 0 or 1 }
end

-- Returns the rules as they apply to votes that are cast now, or false.
local function load_rules(key, events, now)
  local fields = redis.call('HMGET', key, 'from', 'until', 'policies', 'budget')
  if not fields[1] then return false end
  local from_ms, until_ms = tonumber(fields[1]), tonumber(fields[2])
  local timed = from_ms + until_ms > 0
  local at = timed and event_ms(events, now)
  return {
    event_id = timed and string.format('%.0f-*', at) or '*',
    early = now < from_ms, late = until_ms > 0 and at >= until_ms,
    policies = fields[3], budget = tonumber(fields[4]),
  }
end

local function votes_in_force(keys, args)
  return epoch_of(keys[1]) and tonumber(redis.call('HGET', keys[2], args[1]) or -1) or -1
end

-- A tally's authors are ids such as "1,5,9".
local function is_author(tally, user)
  local authors = tally.author
  return authors == user or authors and string.find(',' .. authors .. ',', ',' .. user .. ',', 1, true)
end

local function claim_counts(keys, args)
  if not epoch_of(keys[1]) then return not_compared() end
  local tokens = {}
  for n = 2, #args do
    local known = redis.call('HEXISTS', keys[2], args[n]) == 1
    if not known then redis.call('HSETNX', keys[3], args[n], args[1]) end
    tokens[n - 1] = known and '' or redis.call('HGET', keys[3], args[n])
  end
  return tokens
end

local function install_counts(keys, args)
  if not epoch_of(keys[1]) then return not_compared() end
  local stored = 0
  for n = 1, #args, 3 do
    if redis.call('HGET', keys[3], args[n]) == args[n + 1] then
      redis.call('HSET', keys[2], args[n], args[n + 2])
      redis.call('HDEL', keys[3], args[n])
      stored = stored + 1
    end
  end
  return stored
end

local function forget_counts(keys)
  redis.call('UNLINK', keys[2], keys[3])
  return 1
end

register_for_full_memory('set_rules_@VERSION@', set_rules)
redis.register_function{
  function_name = 'rules_state_@VERSION@', callback = rules_state, flags = { 'no-writes' },
}
redis.register_function{
  function_name = 'votes_in_force_@VERSION@', callback = votes_in_force, flags = { 'no-writes' },
}
redis.register_function('claim_counts_@VERSION@', claim_counts)
redis.register_function('install_counts_@VERSION@', install_counts)
register_for_full_memory('forget_counts_@VERSION@', forget_counts)
