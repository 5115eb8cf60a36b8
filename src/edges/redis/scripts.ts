import { LEASES, LOG, LOGGED, WRITES } from "./listing.js";

/** Where sessions tell what they have written in a database, so that a watch hears of it whatever the Redis notifies of. */
export function channelOf(database: number): string {
  return `hecd:changes:${database}`;
}

/**
 * What all scripts have in common. Each is carried out as one, and gets one text of JSON.
 *
 * A lease is a hash of what hangs on it, name by name the value; it ends by itself, and each of its keys with it. A key is its
 * own while it holds that value and still ends by itself: whoever sets a key makes it one that stays.
 */
const COMMON = `
local input = cjson.decode(ARGV[1])
local function lease_name(id) return 'hecd:lease:' .. id end
local function value_of(key)
  local value = redis.pcall('GET', key)
  if type(value) == 'table' then return '' end
  return value
end
local function is_held(id, key)
  local value = value_of(key)
  return value and redis.call('HGET', lease_name(id), key) == value and redis.call('PTTL', key) > 0
end
local function look(key)
  local value = value_of(key)
  if not value then return false end
  local found = { key = key, value = value, version = redis.sha1hex(value), leased = redis.call('PTTL', key) > 0 }
  if found.leased then
    for _, id in ipairs(redis.call('SMEMBERS', '${LEASES}')) do
      if is_held(id, key) then found.lease = id end
    end
  end
  return found
end
local function tell(keys)
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local last = tonumber(redis.call('GET', 'hecd:revision') or '0')
  local revision = string.format('%.0f', math.max(now, last + 1))
  redis.pcall('SET', 'hecd:revision', revision)
  redis.pcall('INCRBY', '${WRITES}', #keys)
  for _, key in ipairs(keys) do redis.pcall('LPUSH', '${LOG}', revision .. ' ' .. key) end
  redis.pcall('LTRIM', '${LOG}', 0, ${LOGGED - 1})
  redis.pcall('PUBLISH', input.channel, cjson.encode({ revision = revision, keys = keys }))
  return revision
end
local function own_keys(id)
  local fields = redis.call('HGETALL', lease_name(id))
  local keys = {}
  for at = 1, #fields, 2 do
    if string.sub(fields[at], 1, 1) ~= ':' and is_held(id, fields[at]) then keys[#keys + 1] = fields[at] end
  end
  return keys
end
`;

/** Reads one key. */
export const LOOK = `${COMMON}
return cjson.encode({ look(input.key) })`;

/** Takes out a lease, and forgets those that are gone. */
export const GRANT = `${COMMON}
for _, id in ipairs(redis.call('SMEMBERS', '${LEASES}')) do
  if redis.call('EXISTS', lease_name(id)) == 0 then redis.call('SREM', '${LEASES}', id) end
end
redis.call('HSET', lease_name(input.lease), ':ttl', input.ttlMs, ':writes', 1)
redis.call('PEXPIRE', lease_name(input.lease), input.ttlMs)
redis.call('SADD', '${LEASES}', input.lease)
return 1`;

/** Renews a lease with all that hangs on it, with another life where one is given; answers with its writes and its life. */
export const RENEW = `${COMMON}
local lease = lease_name(input.lease)
if redis.call('EXISTS', lease) == 0 then return false end
if input.ttlMs then redis.call('HSET', lease, ':ttl', input.ttlMs) end
local life = redis.call('HGET', lease, ':ttl')
redis.call('PEXPIRE', lease, life)
for _, key in ipairs(own_keys(input.lease)) do redis.call('PEXPIRE', key, life) end
return { redis.call('HGET', lease, ':writes'), life }`;

/** Carries out a change if all its conditions hold; what is put comes first, since want of space refuses that. */
export const TRANSACT = `${COMMON}
local lease = lease_name(input.lease)
local left = redis.call('PTTL', lease)
if left <= 0 then return cjson.encode({ gone = true }) end
local function holds(condition)
  local key = condition.key
  local value = value_of(key)
  if condition.kind == 'absent' then return not value end
  if not value then return false end
  if condition.kind == 'unchanged' then return redis.sha1hex(value) == condition.version end
  if condition.kind == 'on-lease' then return is_held(condition.lease, key) end
  return value == condition.value
end
for _, condition in ipairs(input.conditions) do
  if not holds(condition) then
    local found = {}
    for _, key in ipairs(input.otherwise) do found[#found + 1] = look(key) end
    return cjson.encode({ found = found, writes = redis.call('HGET', lease, ':writes') })
  end
end
local keys = {}
for _, write in ipairs(input.writes) do
  keys[#keys + 1] = write.key
  if write.kind == 'put' then
    redis.call('SET', write.key, write.value, 'PX', left)
    redis.call('HSET', lease, write.key, write.value)
  end
end
for _, write in ipairs(input.writes) do
  if write.kind ~= 'put' then
    redis.call('DEL', write.key)
    redis.call('HDEL', lease, write.key)
  end
end
redis.pcall('HINCRBY', lease, ':writes', 1)
local revision = tell(keys)
return cjson.encode({ revision = revision, writes = redis.call('HGET', lease, ':writes') })`;

/** Changes keys of nobody's, all or none of them; answers with whether each was what it was said to be. */
export const EXCHANGE = `${COMMON}
for _, change in ipairs(input.changes) do
  local value = value_of(change.key)
  if change.was and value ~= change.was then return 0 end
  if not change.was and value then return 0 end
end
local keys = {}
for _, change in ipairs(input.changes) do
  keys[#keys + 1] = change.key
  if change.is then redis.call('SET', change.key, change.is) else redis.call('DEL', change.key) end
end
tell(keys)
return 1`;

/** All that hangs on a lease; false when it is gone. */
export const HELD = `${COMMON}
if redis.call('EXISTS', lease_name(input.lease)) == 0 then return false end
local found = {}
for _, key in ipairs(own_keys(input.lease)) do
  found[#found + 1] = key
  found[#found + 1] = value_of(key)
end
return found`;

/** Ends a lease and all that hangs on it. */
export const REVOKE = `${COMMON}
local keys = own_keys(input.lease)
for _, key in ipairs(keys) do redis.call('DEL', key) end
redis.call('DEL', lease_name(input.lease))
redis.call('SREM', '${LEASES}', input.lease)
if #keys > 0 then tell(keys) end
return 1`;
