-- wrk's side of the bench: pages. Arguments: a session cookie ('' for a visitor), how many a second
-- (0: as many as can be).
local headers, pause, connections = { ["Accept-Encoding"] = "gzip" }, 0, 64

function init(arguments)
  if arguments[1] ~= "-" then headers["Cookie"] = "upvote_session=" .. arguments[1] end
  local rate = tonumber(arguments[2])
  if rate > 0 then pause = 1000 * connections / rate else delay = nil end
  math.randomseed(os.time())
end

function delay()
  return math.floor(pause * (0.5 + math.random()) + 0.5)
end

function request()
  return wrk.format("GET", wrk.path, headers)
end
