--[[
Epochs: the library remembers in its own memory which epoch of each shard was compared with PostgreSQL,
and the nonce of that comparison, which is in the data too.
No restart, failover or restored copy carries that memory over, and a primary that comes back as the
replica of the one that took over gets its nonce with the data. Until a process has compared the shard
(app/voting/epochs.py) and called `resume_epoch` or `begin_epoch`, every function returns the error
NOT_COMPARED. A tally of an earlier epoch counts as cold.

resume_epoch: work on an epoch that PostgreSQL knows
  KEYS  epoch, origin
  ARGV  epoch, nonce, this server, the board
  returns the nonce of the comparison, which is an earlier one if another process was faster, or '' if
        Redis holds another epoch

suspend_epoch: return NOT_COMPARED from now on
  KEYS  epoch
  returns 1

begin_epoch: make every project of the shard cold and work on a new epoch
  KEYS  epoch, events, changed, origin, counts, claims (of the rules)
  ARGV  the new epoch, nonce, the epoch that was found ('' for none), ms and seq of the last entry that
        was persisted or set aside: new entries get later ids; this server, the board, the checkpoint,
        the epochs before
  returns 1, or 0 if Redis holds another epoch than the one that was found, or a later entry
]]

-- A Redis whose memory is full runs only functions that write nothing, and those that are registered so.
local function register_for_full_memory(name, callback)
  redis.register_function{ function_name = name, callback = callback, flags = { 'allow-oom' } }
end

local compared = {}  -- epoch key -> the epoch that was compared with PostgreSQL
local nonces = {}  -- epoch key -> the nonce of that comparison
local origins = {}  -- epoch key -> the key of the shard's origin

local function epoch_of(key)
  local epoch = redis.call('GET', key)
  if not epoch or compared[key] ~= epoch then return false end
  local nonce = redis.call('HGET', origins[key], 'nonce')
  return (not nonce or nonce == nonces[key]) and epoch
end

-- From now on the functions work on this epoch, and on no other server's data.
local function work_on(key, origin, epoch, nonce, server, board)
  compared[key], nonces[key], origins[key] = epoch, nonce, origin
  redis.call('HSET', origin, 'server', server, 'board', board, 'nonce', nonce)
  -- A server that does not tell its name cannot be told apart from another one.
  if server == '' then redis.call('HDEL', origin, 'nonce') end
end

local function not_compared()
  return redis.error_reply('NOT_COMPARED compare this shard with PostgreSQL first')
end

local function resume_epoch(keys, args)
  if redis.call('GET', keys[1]) ~= args[1] then return '' end
  local server, nonce = unpack(redis.call('HMGET', keys[2], 'server', 'nonce'))
  if server == '' and compared[keys[1]] == args[1] then nonce = nonces[keys[1]] end
  -- Another process, or another version of the functions, has compared this server before.
  if server ~= args[3] or not nonce then nonce = args[2] end
  work_on(keys[1], keys[2], args[1], nonce, args[3], args[4])
  return nonce
end

local function suspend_epoch(keys)
  compared[keys[1]] = nil
  return 1
end

-- Functions of another version of Upvote may have written an entry since the stream was read.
local function has_later_entry(events, ms, seq)
  local last = redis.call('XREVRANGE', events, '+', '-', 'COUNT', 1)[1]
  if not last then return false end
  local last_ms, last_seq = string.match(last[1], '(%d+)-(%d+)')
  last_ms, last_seq, ms, seq = tonumber(last_ms), tonumber(last_seq), tonumber(ms), tonumber(seq)
  return last_ms > ms or (last_ms == ms and last_seq > seq)
end

-- An entry that is added and deleted leaves its id as the stream's last one.
local function begin_epoch(keys, args)
  if (redis.call('GET', keys[1]) or '') ~= args[3] then return 0 end
  if has_later_entry(keys[2], args[4], args[5]) then return 0 end
  local last = args[4] .. '-' .. args[5]
  if last ~= '0-0' then
    local added = redis.pcall('XADD', keys[2], last, 'vote', '')
    if type(added) == 'string' then redis.call('XDEL', keys[2], last) end
  end
  redis.call('XTRIM', keys[2], 'MAXLEN', 0)  -- all of them are persisted or set aside
  redis.call('UNLINK', keys[3], keys[5], keys[6])
  redis.call('HSET', keys[4], 'persisted', args[8], 'before', args[9])
  redis.call('SET', keys[1], args[1])
  work_on(keys[1], keys[4], args[1], args[2], args[6], args[7])
  return 1
end

register_for_full_memory('resume_epoch_@VERSION@', resume_epoch)
register_for_full_memory('suspend_epoch_@VERSION@', suspend_epoch)
register_for_full_memory('begin_epoch_@VERSION@', begin_epoch)
