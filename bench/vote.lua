-- Casts votes of many signed-in users, spread evenly over many projects; each vote is a change.
-- Arguments: a file of session cookies, one in each line; the number of the first vote; votes a second
-- (0: as many as possible); then the ids of the projects.
local heads, projects, at = {}, {}, 0
local FORM = "HX-Request: true\r\nSec-Fetch-Site: same-origin\r\n"
  .. "Content-Type: application/x-www-form-urlencoded\r\n"
local BODIES = { [0] = "Content-Length: 8\r\n\r\nvalue=-1" }
local UP = "Content-Length: 7\r\n\r\nvalue=1"

function init(arguments)
  local first = "/vote HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\n" .. FORM
  for line in io.lines(arguments[1]) do
    heads[#heads + 1] = first .. "Cookie: upvote_session=" .. line .. "\r\n"
  end
  at = tonumber(arguments[2])
  pace(tonumber(arguments[3]))
  for n = 4, #arguments do projects[#projects + 1] = arguments[n] end
end

-- Every user votes on every project in turn; each pair of user and project occurs once in a bench.
function request()
  at = at + 1
  local project = projects[(at + math.floor(at / #heads)) % #projects + 1]
  return "POST /projects/" .. project .. heads[at % #heads + 1] .. (BODIES[at % 4] or UP)
end
