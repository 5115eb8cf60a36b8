-- Lets a request or a connection wait for a server while its backend has none that can be used, instead of an answer 503 at
-- once:
--
--   http-request lua.hold 10s if { nbsrv eq 0 }
--
-- The condition spares every other request the way through Lua. A request that finds no server in that time gets 503, as
-- it would have at first.
--
-- A server `_held` does not count, and a request may go there only where `txn.goes_on` is set: it is there for what has no
-- server in the middle of its way, and leads back to the same backend, to wait there. Whatever waits goes that way, too,
-- when its process is about to end, since the socket behind it belongs to the next process then.

local STEP_MS = 20
local UNIT_MS = { ms = 1, s = 1000, m = 60000 }

-- HAProxy gives truth as a number or as a boolean, as `tune.lua.bool-sample-conversion` says.
local function is(value)
  return value == true or value == 1
end

core.register_action("hold", { "http-req", "tcp-req" }, function(txn, time)
  local number, unit = time:match("^(%d+)(%a+)$")
  local steps = number * UNIT_MS[unit] / STEP_MS
  local backend = txn.f:be_name()
  local is_led_back = core.backends[backend].servers["_held"] ~= nil
  while steps > 0 do
    core.msleep(STEP_MS)
    steps = steps - 1
    -- Of all servers `_held` alone has a limit, so that there is a number of free places only where there is no other.
    local has_server = txn.f:nbsrv(backend) > 0 and not (is_led_back and txn.f:be_conn_free(backend) >= 0)
    if has_server or (is_led_back and is(txn.f:stopping())) then
      txn:set_var("txn.goes_on", true)
      return
    end
  end
end, 1)
