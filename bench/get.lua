-- Fetches pages. Arguments: a file of session cookies, one in each line and used in turn ('-': signed
-- out); requests a second (0: as many as possible); the number of cookies to use.
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
