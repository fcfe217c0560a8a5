-- wrk's side of the bench: votes of many signed-in users on many projects, evenly.
-- Arguments: a file of session cookies (one a line), then the ids of the projects.
local cookies, projects, requests, at = {}, {}, {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do cookies[#cookies + 1] = line end
  for n = 2, #arguments do projects[#projects + 1] = arguments[n] end
  math.randomseed(os.time())
  at = math.random(1000000)
end

-- Every user votes on every project in turn, up and down by turns, so that each vote is a change.
function request()
  at = at + 1
  local cookie = cookies[at % #cookies + 1]
  local round = math.floor(at / #cookies)
  local project = projects[round % #projects + 1]
  local value = math.floor(round / #projects) % 2 == 0 and "1" or "-1"
  return wrk.format("POST", "/projects/" .. project .. "/vote", {
    ["Cookie"] = "upvote_session=" .. cookie,
    ["HX-Request"] = "true",
    ["Sec-Fetch-Site"] = "same-origin",
    ["Content-Type"] = "application/x-www-form-urlencoded",
  }, "value=" .. value)
end
