--[[
The vote function: everything that happens to a vote inside Redis, atomically.
All keys of one call belong to one shard, so they share a hash tag.
Redis does not roll Lua back: each function checks its arguments first and writes afterwards.

cast: cast a batch of votes
  KEYS  epoch, events, changed, rules, counts, claims,
        then for each vote: tally, votes, rate, account
  ARGV  rate_max, rate_window (ms), account_max, account_window (ms), policies,
        deadline (ms, in the time of Redis),
        then for each vote: project, user, value ('1', '0', '-1': the wanted end state; '-2': a downvote
        by an account that is too new for one)
  policies, a letter each: 'd' no new downvotes, 's' no votes on the user's own project (both unless
        the rules say otherwise), 'w' the board withdraws the votes: closed projects accept them too,
        at any time, or with 't' within the times of voting
  returns six integers for each vote: status, wait (ms until a refused vote may be sent again),
        value (the user's vote now), up, down, version;
        then the comparison under which this was done ("EPOCH NONCE": another nonce means that Redis
        has restarted since), the last event that was written, "ID PROJECT VERSION", or '',
        with a budget a list of how many votes the user of each vote may still cast (-1: not known), and
        the time of Redis (ms). At the deadline or later nothing is done, and the time is all that is returned:
        nobody waits for these votes any more, and the same people may have voted again
  status 0 accepted, 1 the project is locked, 2 it is gone (hidden or deleted),
         3 cold (hydrate the project, then cast again),
         4 over the limit of the project, 5 over the limit of the account,
         6 no downvotes here, 7 the account is too new for downvotes, 8 the user's own project,
         9 voting has not begun, 10 it has ended, 11 the account has used its budget,
         12 the votes in force of the account are not counted (count them, then cast again)
  event one entry in `events` for each change: field `vote`, "project user old new version"
]]

-- The statuses 1 and 2 are the values of a tally's `closed`.
local ACCEPTED, GONE, COLD, OVER_PROJECT_LIMIT, OVER_ACCOUNT_LIMIT = 0, 2, 3, 4, 5
local NO_DOWNVOTES, ACCOUNT_TOO_NEW, OWN_PROJECT = 6, 7, 8
local NOT_BEGUN, ENDED, OVER_BUDGET, NOT_COUNTED = 9, 10, 11, 12

-- A limit's key holds the times of the last `max` accepted votes, oldest first, each as 13 digits
-- of milliseconds and a comma. 13 digits last until the year 2286.
local WIDTH = 14

-- After the clock was set back, the times of earlier votes lie ahead of it. Each is replaced by the time
-- now, once, so that the window ends in its own length and not when the clock gets there again.
local function read_times(key, max, window, now)
  local times = max > 0 and redis.call('GET', key) or ''
  if times == '' or tonumber(string.sub(times, -WIDTH, -2)) <= now then return times end
  local kept = {}
  for at = 1, #times, WIDTH do
    local time = tonumber(string.sub(times, at, at + WIDTH - 2))
    kept[#kept + 1] = string.format('%013.0f,', math.min(time, now))
  end
  times = table.concat(kept)
  redis.call('SET', key, times, 'PX', window + 1)
  return times
end

-- The vote `max` votes ago must be older than the window. Times are cut to milliseconds, so one is added.
local function wait_ms(times, max, window, now)
  if max == 0 or #times < max * WIDTH then return 0 end
  local first = #times - max * WIDTH + 1
  local oldest = tonumber(string.sub(times, first, first + WIDTH - 2))
  return math.max(oldest + window + 1 - now, 0)
end

local function remember(key, times, max, window, now)
  if max == 0 then return end
  local kept = string.sub(times .. string.format('%013.0f,', now), -max * WIDTH)
  redis.call('SET', key, kept, 'PX', window + 1)
end

local function load_tally(key, epoch)
  local fields = redis.call('HMGET', key, 'up', 'down', 'version', 'epoch', 'closed', 'author')
  if fields[4] ~= epoch then return false end
  return {
    up = tonumber(fields[1]), down = tonumber(fields[2]), version = tonumber(fields[3]),
    closed = tonumber(fields[5] or 0), author = fields[6],
  }
end

local function count(tally, value, by)
  if value == 1 then tally.up = tally.up + by end
  if value == -1 then tally.down = tally.down + by end
end

local function store_vote(votes_key, user, value)
  if value == 0 then
    redis.call('HDEL', votes_key, user)
  else
    redis.call('HSET', votes_key, user, value)
  end
end

-- A count that is being read in PostgreSQL is no longer right, so its claim ends. The board withdraws votes
-- on deleted projects too, which no count includes, so the account is counted anew.
local function update_budget(keys, rules, policies, vote, old)
  local by = math.abs(vote.value) - math.abs(old)
  if rules.budget == 0 or by == 0 then return end
  if policies.withdrawn then redis.call('HDEL', keys.counts, vote.user) end
  if redis.call('HEXISTS', keys.counts, vote.user) == 1 then
    redis.call('HINCRBY', keys.counts, vote.user, by)
  else
    redis.call('HDEL', keys.claims, vote.user)
  end
end

local function change(keys, rules, policies, tally, vote, old)
  count(tally, old, -1)
  count(tally, vote.value, 1)
  tally.version = tally.version + 1
  tally.project = vote.project
  store_vote(vote.votes_key, vote.user, vote.value)
  update_budget(keys, rules, policies, vote, old)
  local event = string.format('%s %s %d %d %d', vote.project, vote.user, old, vote.value, tally.version)
  local id = redis.call('XADD', keys.events, rules.event_id, 'vote', event)
  keys.last_event = id .. ' ' .. vote.project .. ' ' .. string.format('%d', tally.version)
end

-- After the end, and on a closed project, nothing changes: taking a vote back is refused too.
local function closed_refusal(policies, rules, tally)
  if policies.withdrawn and not policies.in_time then return nil end
  if tally.closed == GONE and not policies.withdrawn then return GONE end
  if rules.early then return NOT_BEGUN end
  if rules.late then return ENDED end
  return tally.closed > 0 and not policies.withdrawn and tally.closed or nil
end

-- A policy forbids changes only: a user with such a vote from before may send it again.
local function policy_refusal(vote, policies, tally, old)
  if vote.value == 0 or vote.value == old then return nil end
  if policies.no_self_votes and is_author(tally, vote.user) then return OWN_PROJECT end
  if vote.value == 1 then return nil end
  if policies.no_downvotes then return NO_DOWNVOTES end
  return vote.too_new and ACCOUNT_TOO_NEW or nil
end

local function budget_refusal(keys, rules, vote, old)
  if rules.budget == 0 or vote.value == 0 or old ~= 0 then return nil end
  local used = redis.call('HGET', keys.counts, vote.user)
  if not used then return NOT_COUNTED end
  return tonumber(used) >= rules.budget and OVER_BUDGET or nil
end

-- Taking a vote back (0) is never over a limit; like every accepted vote, it counts towards them.
local function limit_refusal(vote, limits, now, rate_times, account_times)
  if vote.value == 0 then return ACCEPTED, 0 end
  local wait = wait_ms(rate_times, limits.rate_max, limits.rate_window, now)
  if wait > 0 then return OVER_PROJECT_LIMIT, wait end
  wait = wait_ms(account_times, limits.account_max, limits.account_window, now)
  if wait > 0 then return OVER_ACCOUNT_LIMIT, wait end
  return ACCEPTED, 0
end

local function cast_one(keys, limits, policies, rules, now, tally, vote)
  local old = tonumber(redis.call('HGET', vote.votes_key, vote.user) or 0)
  local refused = closed_refusal(policies, rules, tally) or policy_refusal(vote, policies, tally, old)
    or budget_refusal(keys, rules, vote, old)
  if refused then return refused, 0, old end
  local rate_times = read_times(vote.rate_key, limits.rate_max, limits.rate_window, now)
  local account_times = read_times(vote.account_key, limits.account_max, limits.account_window, now)
  local status, wait = limit_refusal(vote, limits, now, rate_times, account_times)
  if status ~= ACCEPTED then return status, wait, old end
  remember(vote.rate_key, rate_times, limits.rate_max, limits.rate_window, now)
  remember(vote.account_key, account_times, limits.account_max, limits.account_window, now)
  if old ~= vote.value then change(keys, rules, policies, tally, vote, old) end
  return ACCEPTED, 0, vote.value
end

-- Writes each project once, however many of its votes are in the batch.
local function store_tallies(keys, tallies, now)
  local changed = {}
  for key, tally in pairs(tallies) do
    if tally and tally.project then
      redis.call('HSET', key, 'up', tally.up, 'down', tally.down, 'version', tally.version, 'used', now)
      changed[#changed + 1], changed[#changed + 2] = tally.project, tally.version
    end
  end
  if #changed > 0 then redis.call('HSET', keys.changed, unpack(changed)) end
end

local function parse_votes(keys, args)
  local votes = {}
  for n = 0, (#args - 6) / 3 - 1 do
    local value = tonumber(args[6 + 3 * n + 3])
    local too_new = value == -2
    if too_new then value = -1 end
    if value ~= 1 and value ~= 0 and value ~= -1 then return nil end
    votes[n + 1] = {
      tally_key = keys[6 + 4 * n + 1], votes_key = keys[6 + 4 * n + 2],
      rate_key = keys[6 + 4 * n + 3], account_key = keys[6 + 4 * n + 4],
      project = args[6 + 3 * n + 1], user = args[6 + 3 * n + 2], value = value, too_new = too_new,
    }
  end
  return votes
end

local function has_policy(rules, given, letter, opposite)
  if string.find(rules.policies, letter) then return true end
  return not string.find(rules.policies, opposite) and string.find(given, letter)
end

-- How many votes the user of each vote may still cast, after the whole batch.
local function votes_left(keys, rules, votes)
  local left = {}
  for n, vote in ipairs(votes) do
    local used = redis.call('HGET', keys.counts, vote.user)
    left[n] = used and math.max(rules.budget - tonumber(used), 0) or -1
  end
  return left
end

local function cast(keys, args)
  local votes = parse_votes(keys, args)
  if not votes then return redis.error_reply('ERR a vote is 1, 0 or -1') end
  local now = now_ms()
  if now >= tonumber(args[6]) then return { now } end
  local epoch = epoch_of(keys[1])
  if not epoch then return not_compared() end
  local named = { events = keys[2], changed = keys[3], counts = keys[5], claims = keys[6] }
  local rules = load_rules(keys[4], keys[2], now)
  if not rules then return not_compared() end
  local limits = {
    rate_max = tonumber(args[1]), rate_window = tonumber(args[2]),
    account_max = tonumber(args[3]), account_window = tonumber(args[4]),
  }
  local policies = {
    no_downvotes = has_policy(rules, args[5], 'd', 'D'), no_self_votes = has_policy(rules, args[5], 's', 'S'),
    withdrawn = string.find(args[5], 'w'), in_time = string.find(args[5], 't'),
  }
  local tallies, reply = {}, {}
  for n, vote in ipairs(votes) do
    local tally = tallies[vote.tally_key]
    if tally == nil then
      tally = load_tally(vote.tally_key, epoch)
      tallies[vote.tally_key] = tally
    end
    local status, wait, value = COLD, 0, 0
    if tally then status, wait, value = cast_one(named, limits, policies, rules, now, tally, vote) end
    local at = 6 * (n - 1)
    reply[at + 1], reply[at + 2], reply[at + 3] = status, wait, value
    reply[at + 4], reply[at + 5], reply[at + 6] =
      tally and tally.up or 0, tally and tally.down or 0, tally and tally.version or 0
  end
  store_tallies(named, tallies, now)
  reply[6 * #votes + 1] = epoch .. ' ' .. nonces[keys[1]]
  reply[6 * #votes + 2] = named.last_event or ''
  if rules.budget > 0 then reply[#reply + 1] = votes_left(named, rules, votes) end
  reply[#reply + 1] = now
  return reply
end

redis.register_function('cast_@VERSION@', cast)
