--[[
Epochs: the library remembers in its own memory which epoch of each shard was compared with PostgreSQL.
No restart, failover or restored copy carries that memory over. Until a process has compared the shard
(app/voting/epochs.py) and called `resume_epoch` or `begin_epoch`, every function returns the error
NOT_COMPARED. A tally of an earlier epoch counts as cold.

resume_epoch: work on an epoch that PostgreSQL knows
  KEYS  epoch
  ARGV  epoch, nonce
  returns the nonce of the comparison, which is an earlier one if another process was faster, or '' if
        Redis holds another epoch

suspend_epoch: return NOT_COMPARED from now on
  KEYS  epoch
  returns 1

begin_epoch: make every project of the shard cold and work on a new epoch
  KEYS  epoch, events, changed
  ARGV  the new epoch, nonce, the epoch that was found ('' for none), ms and seq of the last persisted
        entry: new entries get later ids
  returns 1, or 0 if Redis holds another epoch than the one that was found
]]

local compared = {}  -- epoch key -> the epoch that was compared with PostgreSQL
local nonces = {}  -- epoch key -> the nonce of that comparison

local function epoch_of(key)
  local epoch = redis.call('GET', key)
  return epoch and compared[key] == epoch and epoch
end

local function not_compared()
  return redis.error_reply('NOT_COMPARED compare this shard with PostgreSQL first')
end

local function resume_epoch(keys, args)
  if redis.call('GET', keys[1]) ~= args[1] then return '' end
  if compared[keys[1]] ~= args[1] then compared[keys[1]], nonces[keys[1]] = args[1], args[2] end
  return nonces[keys[1]]
end

local function suspend_epoch(keys)
  compared[keys[1]] = nil
  return 1
end

-- An entry that is added and deleted leaves its id as the stream's last one.
local function begin_epoch(keys, args)
  if (redis.call('GET', keys[1]) or '') ~= args[3] then return 0 end
  local last = args[4] .. '-' .. args[5]
  if last ~= '0-0' then
    local added = redis.pcall('XADD', keys[2], last, 'vote', '')
    if type(added) == 'string' then redis.call('XDEL', keys[2], last) end
  end
  redis.call('XTRIM', keys[2], 'MAXLEN', 0)  -- our own events are persisted, another site's are not for us
  redis.call('UNLINK', keys[3])
  redis.call('SET', keys[1], args[1])
  compared[keys[1]], nonces[keys[1]] = args[1], args[2]
  return 1
end

redis.register_function('resume_epoch_@VERSION@', resume_epoch)
redis.register_function('suspend_epoch_@VERSION@', suspend_epoch)
redis.register_function('begin_epoch_@VERSION@', begin_epoch)
