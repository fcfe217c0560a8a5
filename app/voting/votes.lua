#!lua name=@LIBRARY@
--[[
The vote functions: all that happens to a vote inside Redis, atomically.
Everything of one call lives in one shard, so every key has the same hash tag.
Lua is not rolled back: each function checks its arguments first and writes afterwards.

The fence. This library remembers which epoch of a shard it was admitted to, in its own memory, which
no restart, failover or restored copy carries over. Until somebody has compared Redis with PostgreSQL
(app/voting/epochs.py) and called `admit` or `begin_epoch`, every function answers the error
NOT_COMPARED. A tally of an earlier epoch counts as cold.

cast: take a batch of votes
  KEYS  epoch, events, changed, then for each vote: tally, votes, rate, account
  ARGV  rate_max, rate_window (ms), account_max, account_window (ms), policies,
        then for each vote: project, user, value ('1', '0', '-1': the wanted end state; '-2': -1 of an
        account that is too young for it)
  policies, a letter each: 'd' no new downvotes, 's' no votes on one's own project,
        'w' votes are withdrawn by the board: a closed project takes them too
  gives for each vote six integers: status, wait (ms until a refused vote may be sent again),
        value (the user's vote now), up, down, version;
        at last the admission under which this was done ("epoch nonce": another nonce means that Redis
        has restarted since), and the id of the last event that was written, '' without one
  status 0 accepted, 1 cold (hydrate the project, then cast again),
         2 over the limit a project, 3 over the limit an account,
         4 the project is locked, 5 it is gone, 6 no downvotes here, 7 the account is too young for
         downvotes, 8 the user's own project
  event one entry a change in `events`: field `vote`, "project user old new version"

read: tallies, and one user's votes
  KEYS  epoch, then for each project: tally, votes
  ARGV  user ('' for nobody)
  gives for each project four integers: version (-1: cold), up, down, value

opinions: tallies, and many users' votes, of one moment
  KEYS  epoch, then for each project: tally, votes
  ARGV  users
  gives for each project version (-1: cold), up, down, then one value a user

install: make a cold project hot
  KEYS  epoch, tally, votes, staged votes, claim
  ARGV  token (the claim's holder), up, down, version, closed (0 open, 1 locked, 2 gone), author
  gives 1, or 0 when the claim has passed to another or the project is hot already

close: close a hot project for votes, or open it
  KEYS  epoch, tally, claim
  ARGV  closed (0 open, 1 locked, 2 gone)
  gives 1, or 0 when it is cold; whoever hydrates it at the moment has to start anew

settle: forget changed projects that have been synced
  KEYS  epoch, changed
  ARGV  for each project: project, version that was synced
  gives how many were forgotten; one that has changed since stays

cool: make a hot project cold
  KEYS  epoch, changed, tally, votes
  ARGV  project, the version of its last persisted event, idle (s)
  gives 1, or 0 when it was used since, or has an event or a tally that is not in PostgreSQL yet

admit: lift the fence for an epoch that PostgreSQL knows
  KEYS  epoch
  ARGV  epoch, nonce
  gives 1, or 0 when Redis holds another one

fence: close the fence of a shard, if it is open
  KEYS  epoch
  gives 1

begin_epoch: make every project of the shard cold and lift the fence
  KEYS  epoch, events, changed
  ARGV  the new epoch, nonce, the one that was found ('' for none), ms and seq of the last persisted entry:
        new entries get later ids
  gives 1, or 0 when Redis holds another epoch than the one found

forget: make a hot project cold whose keys are not to be trusted
  KEYS  epoch, tally, votes
  ARGV  the version that was read before its events were persisted
  gives 1, or 0 when it has changed since
]]

local ACCEPTED, COLD, OVER_PROJECT_LIMIT, OVER_ACCOUNT_LIMIT = 0, 1, 2, 3
local LOCKED, GONE, NO_DOWNVOTES, TOO_YOUNG, OWN_PROJECT = 4, 5, 6, 7, 8
local CLOSED = { ['1'] = LOCKED, ['2'] = GONE }

-- A limit's key holds the times of the last `max` accepted votes, oldest first, each as 13 digits
-- of milliseconds and a comma. 13 digits last until the year 2286.
local WIDTH = 14

local admitted = {}  -- epoch key -> epoch
local nonces = {}  -- epoch key -> the nonce of the admission

local function epoch_of(key)
  local epoch = redis.call('GET', key)
  return epoch and admitted[key] == epoch and epoch
end

local function unadmitted()
  return redis.error_reply('NOT_COMPARED compare this shard with PostgreSQL first')
end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Sliding window: the vote `max` votes ago must lie outside it. Both times are cut to whole
-- milliseconds, so one more is asked for. While a clock that was set back has not caught up, votes
-- from before count as if they were now.
local function wait_ms(times, max, window, now)
  if max == 0 or #times < max * WIDTH then return 0 end
  local first = #times - max * WIDTH + 1
  local oldest = tonumber(string.sub(times, first, first + WIDTH - 2))
  return math.min(math.max(oldest + window + 1 - now, 0), window + 1)
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
    closed = CLOSED[fields[5]], author = fields[6],
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

local function change(keys, tally, vote, old)
  count(tally, old, -1)
  count(tally, vote.value, 1)
  tally.version = tally.version + 1
  tally.project = vote.project
  store_vote(vote.votes_key, vote.user, vote.value)
  local event = string.format('%s %s %d %d %d', vote.project, vote.user, old, vote.value, tally.version)
  keys.last_event = redis.call('XADD', keys.events, '*', 'vote', event)
end

-- What a policy forbids is a change: who has such a vote from before may send it again.
local function forbidden(vote, policies, tally, old)
  if policies.withdrawn then return nil end
  if tally.closed then return tally.closed end
  if vote.value == 0 or vote.value == old then return nil end
  if policies.no_self_votes and tally.author == vote.user then return OWN_PROJECT end
  if vote.value == 1 then return nil end
  if policies.no_downvotes then return NO_DOWNVOTES end
  return vote.young and TOO_YOUNG or nil
end

-- Taking a vote back (0) is never over a limit; like every accepted vote, it counts.
local function refusal(vote, limits, now, rate_times, account_times)
  if vote.value == 0 then return ACCEPTED, 0 end
  local wait = wait_ms(rate_times, limits.rate_max, limits.rate_window, now)
  if wait > 0 then return OVER_PROJECT_LIMIT, wait end
  wait = wait_ms(account_times, limits.account_max, limits.account_window, now)
  if wait > 0 then return OVER_ACCOUNT_LIMIT, wait end
  return ACCEPTED, 0
end

local function cast_one(keys, limits, policies, now, tally, vote)
  local old = tonumber(redis.call('HGET', vote.votes_key, vote.user) or 0)
  local closed = forbidden(vote, policies, tally, old)
  if closed then return closed, 0, old end
  local rate_times = limits.rate_max > 0 and redis.call('GET', vote.rate_key) or ''
  local account_times = limits.account_max > 0 and redis.call('GET', vote.account_key) or ''
  local status, wait = refusal(vote, limits, now, rate_times, account_times)
  if status ~= ACCEPTED then return status, wait, old end
  remember(vote.rate_key, rate_times, limits.rate_max, limits.rate_window, now)
  remember(vote.account_key, account_times, limits.account_max, limits.account_window, now)
  if old ~= vote.value then change(keys, tally, vote, old) end
  return ACCEPTED, 0, vote.value
end

-- One write a project and batch, however many of its votes the batch holds.
local function store_tallies(keys, tallies)
  local changed = {}
  for key, tally in pairs(tallies) do
    if tally and tally.project then
      redis.call('HSET', key, 'up', tally.up, 'down', tally.down, 'version', tally.version)
      changed[#changed + 1], changed[#changed + 2] = tally.project, tally.version
    end
  end
  if #changed > 0 then redis.call('HSET', keys.changed, unpack(changed)) end
end

local function parse_votes(keys, args)
  local votes = {}
  for n = 0, (#args - 5) / 3 - 1 do
    local value = tonumber(args[5 + 3 * n + 3])
    local young = value == -2
    if young then value = -1 end
    if value ~= 1 and value ~= 0 and value ~= -1 then return nil end
    votes[n + 1] = {
      tally_key = keys[3 + 4 * n + 1], votes_key = keys[3 + 4 * n + 2],
      rate_key = keys[3 + 4 * n + 3], account_key = keys[3 + 4 * n + 4],
      project = args[5 + 3 * n + 1], user = args[5 + 3 * n + 2], value = value, young = young,
    }
  end
  return votes
end

local function cast(keys, args)
  local votes = parse_votes(keys, args)
  if not votes then return redis.error_reply('ERR a vote is 1, 0 or -1') end
  local epoch = epoch_of(keys[1])
  if not epoch then return unadmitted() end
  local named = { events = keys[2], changed = keys[3] }
  local limits = {
    rate_max = tonumber(args[1]), rate_window = tonumber(args[2]),
    account_max = tonumber(args[3]), account_window = tonumber(args[4]),
  }
  local policies = {
    no_downvotes = string.find(args[5], 'd'), no_self_votes = string.find(args[5], 's'),
    withdrawn = string.find(args[5], 'w'),
  }
  local now, tallies, reply = now_ms(), {}, {}
  for n, vote in ipairs(votes) do
    local tally = tallies[vote.tally_key]
    if tally == nil then
      tally = load_tally(vote.tally_key, epoch)
      tallies[vote.tally_key] = tally
    end
    local status, wait, value = COLD, 0, 0
    if tally then status, wait, value = cast_one(named, limits, policies, now, tally, vote) end
    local at = 6 * (n - 1)
    reply[at + 1], reply[at + 2], reply[at + 3] = status, wait, value
    reply[at + 4], reply[at + 5], reply[at + 6] =
      tally and tally.up or 0, tally and tally.down or 0, tally and tally.version or 0
  end
  store_tallies(named, tallies)
  reply[6 * #votes + 1] = epoch .. ' ' .. nonces[keys[1]]
  reply[6 * #votes + 2] = named.last_event or ''
  return reply
end

local function read(keys, args)
  local epoch, user, reply = epoch_of(keys[1]), args[1], {}
  if not epoch then return unadmitted() end
  for n = 2, #keys, 2 do
    local tally = load_tally(keys[n], epoch) or { version = -1, up = 0, down = 0 }
    local value = 0
    if user ~= '' and tally.version >= 0 then
      value = tonumber(redis.call('HGET', keys[n + 1], user) or 0)
    end
    local at = 2 * (n - 2)
    reply[at + 1], reply[at + 2], reply[at + 3], reply[at + 4] =
      tally.version, tally.up, tally.down, value
  end
  return reply
end

-- A cold project's votes are not looked at. HMGET takes so many users at once as fit on Lua's stack.
local function append_values(reply, votes_key, users, hot)
  for first = 1, #users, 1000 do
    local last = math.min(first + 999, #users)
    local values = hot and redis.call('HMGET', votes_key, unpack(users, first, last)) or {}
    for n = 1, last - first + 1 do reply[#reply + 1] = tonumber(values[n] or 0) end
  end
end

local function opinions(keys, users)
  local epoch, reply = epoch_of(keys[1]), {}
  if not epoch then return unadmitted() end
  for n = 2, #keys, 2 do
    local tally = load_tally(keys[n], epoch) or { version = -1, up = 0, down = 0 }
    local at = #reply
    reply[at + 1], reply[at + 2], reply[at + 3] = tally.version, tally.up, tally.down
    append_values(reply, keys[n + 1], users, tally.version >= 0)
  end
  return reply
end

local function install(keys, args)
  local epoch, tally, votes, staged, claim = epoch_of(keys[1]), keys[2], keys[3], keys[4], keys[5]
  if not epoch then return unadmitted() end
  local ours = redis.call('GET', claim) == args[1]
  if ours then redis.call('UNLINK', claim) end
  if not ours or load_tally(tally, epoch) then
    redis.call('UNLINK', staged)
    return 0
  end
  redis.call('UNLINK', votes)
  if redis.call('EXISTS', staged) == 1 then redis.call('RENAME', staged, votes) end
  redis.call('PERSIST', votes)
  redis.call('HSET', tally, 'up', args[2], 'down', args[3], 'version', args[4], 'epoch', epoch,
    'start', args[4], 'closed', args[5], 'author', args[6])
  return 1
end

-- Whoever holds the claim may have read PostgreSQL before the project was closed there.
local function close(keys, args)
  local epoch = epoch_of(keys[1])
  if not epoch then return unadmitted() end
  redis.call('UNLINK', keys[3])
  if not load_tally(keys[2], epoch) then return 0 end
  redis.call('HSET', keys[2], 'closed', args[1])
  return 1
end

local function settle(keys, args)
  if not epoch_of(keys[1]) then return unadmitted() end
  local settled = 0
  for n = 1, #args, 2 do
    if redis.call('HGET', keys[2], args[n]) == args[n + 1] then
      settled = settled + redis.call('HDEL', keys[2], args[n])
    end
  end
  return settled
end

local function cool(keys, args)
  local epoch = epoch_of(keys[1])
  if not epoch then return unadmitted() end
  if redis.call('EXISTS', keys[3]) == 0 then return 0 end
  if redis.call('OBJECT', 'IDLETIME', keys[3]) < tonumber(args[3]) then return 0 end
  if redis.call('HEXISTS', keys[2], args[1]) == 1 then return 0 end
  local tally = load_tally(keys[3], epoch)
  if tally and tally.version ~= tonumber(args[2]) then
    -- Unless nothing has changed since it was hydrated, perhaps above its last event (VERSION_LEAP).
    if tally.version ~= tonumber(redis.call('HGET', keys[3], 'start')) then return 0 end
  end
  redis.call('UNLINK', keys[3], keys[4])
  return 1
end

local function admit(keys, args)
  if redis.call('GET', keys[1]) ~= args[1] then return 0 end
  admitted[keys[1]], nonces[keys[1]] = args[1], args[2]
  return 1
end

local function fence(keys)
  admitted[keys[1]] = nil
  return 1
end

-- An entry that is added and deleted leaves its id behind as the stream's last.
local function begin_epoch(keys, args)
  if (redis.call('GET', keys[1]) or '') ~= args[3] then return 0 end
  local last = args[4] .. '-' .. args[5]
  if last ~= '0-0' then
    local added = redis.pcall('XADD', keys[2], last, 'vote', '')
    if type(added) == 'string' then redis.call('XDEL', keys[2], last) end
  end
  redis.call('XTRIM', keys[2], 'MAXLEN', 0)  -- ours has been persisted, another's is not for us
  redis.call('UNLINK', keys[3])
  redis.call('SET', keys[1], args[1])
  admitted[keys[1]], nonces[keys[1]] = args[1], args[2]
  return 1
end

local function forget(keys, args)
  local epoch = epoch_of(keys[1])
  if not epoch then return unadmitted() end
  local tally = load_tally(keys[2], epoch)
  if tally and tally.version ~= tonumber(args[1]) then return 0 end
  redis.call('UNLINK', keys[2], keys[3])
  return 1
end

redis.register_function('cast_@VERSION@', cast)
redis.register_function{ function_name = 'read_@VERSION@', callback = read, flags = { 'no-writes' } }
redis.register_function{ function_name = 'opinions_@VERSION@', callback = opinions, flags = { 'no-writes' } }
redis.register_function('install_@VERSION@', install)
redis.register_function('close_@VERSION@', close)
redis.register_function('settle_@VERSION@', settle)
redis.register_function('cool_@VERSION@', cool)
redis.register_function('admit_@VERSION@', admit)
redis.register_function('fence_@VERSION@', fence)
redis.register_function('begin_epoch_@VERSION@', begin_epoch)
redis.register_function('forget_@VERSION@', forget)
