-- wrk's side of the bench: pages. Arguments: a file of session cookies (one a line, the readers take
-- turns; '-' for a visitor), how many a second (0: as many as can be), how many of the cookies.
local requests, at, pause, connections = {}, 0, 0, 64

function init(arguments)
  local headers = { ["Accept-Encoding"] = "gzip" }
  if arguments[1] == "-" then
    requests[1] = wrk.format("GET", wrk.path, headers)
  else
    for line in io.lines(arguments[1]) do
      headers["Cookie"] = "upvote_session=" .. line
      requests[#requests + 1] = wrk.format("GET", wrk.path, headers)
      if #requests == tonumber(arguments[3]) then break end
    end
  end
  local rate = tonumber(arguments[2])
  if rate > 0 then pause = 1000 * connections / rate else delay = nil end
  math.randomseed(os.time())
end

function delay()
  return math.floor(pause * (0.5 + math.random()) + 0.5)
end

function request()
  at = at % #requests + 1
  return requests[at]
end
