-- Lets a request wait for a server while its backend has none that can be used, instead of an answer 503 at once:
--
--   http-request lua.hold 10s if { nbsrv eq 0 }
--
-- The condition spares every other request the way through Lua. A request that finds no server in that time gets 503, as
-- it would have at first.

local STEP_MS = 20
local UNIT_MS = { ms = 1, s = 1000, m = 60000 }

core.register_action("hold", { "http-req", "tcp-req" }, function(txn, time)
  local number, unit = time:match("^(%d+)(%a+)$")
  local steps = number * UNIT_MS[unit] / STEP_MS
  local backend = txn.f:be_name()
  while steps > 0 and txn.f:nbsrv(backend) == 0 do
    core.msleep(STEP_MS)
    steps = steps - 1
  end
end, 1)
