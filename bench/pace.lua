-- Paces wrk: sends `rate` requests a second (0: as many as possible), however long the answers take.
local ffi = require("ffi")
ffi.cdef("typedef struct { long s, us; } timeval_t; int gettimeofday(timeval_t *, void *);")
local clock, start, made = ffi.new("timeval_t"), nil, 0

local function now_ms()
  ffi.C.gettimeofday(clock, nil)
  return tonumber(clock.s) * 1000 + tonumber(clock.us) / 1000
end

function pace(rate)
  if rate == 0 then return end
  function delay()
    start, made = start or now_ms(), made + 1
    return math.max(0, math.floor(start + 1000 * made / rate - now_ms() + 0.5))
  end
end
