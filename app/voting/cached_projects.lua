--[[
The functions for cached projects: read them, load a cold one, close one, remove one from Redis.
Every key of one call belongs to one shard.

A Redis whose memory is full refuses a function that may write, unless it has the flag `allow-oom`. The
functions have it that take nothing more than a few bytes, so that the worker can free memory then.

read: tallies, and one user's votes
  KEYS  epoch, then for each project: tally, votes
  ARGV  user ('' for a visitor), 'visible' to treat projects that are gone (hidden or deleted) as cold
  returns four integers for each project: version (-1: cold), up, down, value

read_for_users: tallies and many users' votes, of the same moment
  KEYS  epoch, then for each project: tally, votes
  ARGV  users
  returns for each project version (-1: cold), up, down, then one value for each user

install: finish the hydration of a cold project
  KEYS  epoch, tally, votes, staged votes, claim
  ARGV  token (of the claim's holder), up, down, version, closed (0 open, 1 locked, 2 gone),
        author (the ids of the author and of the members of its team, as "1,5,9"),
        the epoch in which the votes were read ('' for any)
  returns 1, or 0 if another process holds the claim, the project is cached already, or another epoch has
        begun

begin_close: announce a `close` of a project
  KEYS  epoch, closing
  ARGV  token, for how long it holds (s)
  returns 1; a `close` that was announced before does nothing from now on

close: close a cached project for votes, or open it, and say who its authors are
  KEYS  epoch, tally, claim, closing
  ARGV  closed (0 open, 1 locked, 2 gone), author (as for install), token (of begin_close)
  returns 1, also if the project is cold; a hydration that is running has to start again. 0 if this is not what
        was announced last, or not any more: then nothing is done

clear_synced: clear the changed marks of projects that have been synced
  KEYS  epoch, changed
  ARGV  for each project: project, version that was synced
  returns how many were cleared; the mark of one that has changed since stays

cool: remove an idle project from Redis
  KEYS  epoch, changed, tally, votes
  ARGV  project, the version of its last persisted event, idle (s)
  returns 1, or 0 if its last change or its hydration is more recent, or if it has an event or a tally that is not
        in PostgreSQL yet. Reads do not count: verify reads every project each hour

discard: remove a project from Redis whose keys cannot be trusted
  KEYS  epoch, tally, votes
  ARGV  the version that was read before its events were persisted
  returns 1, or 0 if it has changed since
]]

local function read(keys, args)
  local epoch, user, visible, reply = epoch_of(keys[1]), args[1], args[2] == 'visible', {}
  if not epoch then return not_compared() end
  for n = 2, #keys, 2 do
    local tally = load_tally(keys[n], epoch)
    if not tally or visible and tally.closed == GONE then tally = { version = -1, up = 0, down = 0 } end
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

-- Does not read the votes of a cold project. 1,000 users at a time fit on Lua's stack.
local function append_values(reply, votes_key, users, cached)
  for first = 1, #users, 1000 do
    local last = math.min(first + 999, #users)
    local values = cached and redis.call('HMGET', votes_key, unpack(users, first, last)) or {}
    for n = 1, last - first + 1 do reply[#reply + 1] = tonumber(values[n] or 0) end
  end
end

local function read_for_users(keys, users)
  local epoch, reply = epoch_of(keys[1]), {}
  if not epoch then return not_compared() end
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
  if not epoch then return not_compared() end
  local ours = redis.call('GET', claim) == args[1]
  if ours then redis.call('UNLINK', claim) end
  if not ours or load_tally(tally, epoch) or (args[7] ~= '' and args[7] ~= epoch) then
    redis.call('UNLINK', staged)
    return 0
  end
  redis.call('UNLINK', votes)
  if redis.call('EXISTS', staged) == 1 then redis.call('RENAME', staged, votes) end
  redis.call('PERSIST', votes)
  redis.call('HSET', tally, 'up', args[2], 'down', args[3], 'version', args[4], 'epoch', epoch,
    'start', args[4], 'closed', args[5], 'author', args[6], 'used', now_ms())
  return 1
end

local function begin_close(keys, args)
  if not epoch_of(keys[1]) then return not_compared() end
  redis.call('SET', keys[2], args[1], 'EX', args[2])
  return 1
end

-- The holder of the claim may have read PostgreSQL before the project was closed there.
local function close(keys, args)
  local epoch = epoch_of(keys[1])
  if not epoch then return not_compared() end
  if redis.call('GET', keys[4]) ~= args[3] then return 0 end
  redis.call('UNLINK', keys[3], keys[4])
  if load_tally(keys[2], epoch) then redis.call('HSET', keys[2], 'closed', args[1], 'author', args[2]) end
  return 1
end

local function clear_synced(keys, args)
  if not epoch_of(keys[1]) then return not_compared() end
  local cleared = 0
  for n = 1, #args, 2 do
    if redis.call('HGET', keys[2], args[n]) == args[n + 1] then
      cleared = cleared + redis.call('HDEL', keys[2], args[n])
    end
  end
  return cleared
end

local function cool(keys, args)
  local epoch = epoch_of(keys[1])
  if not epoch then return not_compared() end
  if redis.call('EXISTS', keys[3]) == 0 then return 0 end
  local used, now = redis.call('HGET', keys[3], 'used'), now_ms()
  if not used then  -- hydrated by an earlier version
    redis.call('HSET', keys[3], 'used', now)
    return 0
  end
  if now - tonumber(used) < tonumber(args[3]) * 1000 then return 0 end
  if redis.call('HEXISTS', keys[2], args[1]) == 1 then return 0 end
  local tally = load_tally(keys[3], epoch)
  if tally and tally.version ~= tonumber(args[2]) then
    -- Unless nothing has changed since hydration, which may have started above the last event
    -- (VERSION_LEAP).
    if tally.version ~= tonumber(redis.call('HGET', keys[3], 'start')) then return 0 end
  end
  redis.call('UNLINK', keys[3], keys[4])
  return 1
end

local function discard(keys, args)
  local epoch = epoch_of(keys[1])
  if not epoch then return not_compared() end
  local tally = load_tally(keys[2], epoch)
  if tally and tally.version ~= tonumber(args[1]) then return 0 end
  redis.call('UNLINK', keys[2], keys[3])
  return 1
end

redis.register_function{ function_name = 'read_@VERSION@', callback = read, flags = { 'no-writes' } }
redis.register_function{
  function_name = 'read_for_users_@VERSION@', callback = read_for_users, flags = { 'no-writes' },
}
redis.register_function('install_@VERSION@', install)
register_for_full_memory('begin_close_@VERSION@', begin_close)
register_for_full_memory('close_@VERSION@', close)
register_for_full_memory('clear_synced_@VERSION@', clear_synced)
register_for_full_memory('cool_@VERSION@', cool)
register_for_full_memory('discard_@VERSION@', discard)
