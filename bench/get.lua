-- wrk's side of the bench: pages. Arguments: a file of session cookies (one a line, the readers take
-- turns; '-' for a visitor), how many a second (0: as many as can be), how many of the cookies.
local requests, at = {}, 0

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
  pace(tonumber(arguments[2]))
end

function request()
  at = at % #requests + 1
  return requests[at]
end
