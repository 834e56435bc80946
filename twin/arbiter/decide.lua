-- `decide` of twin/core/pair/arbiter.py for Redis: one run is one atomic question.
--
-- KEYS: record (hash, with began_ms, which is there before a record is), members (twin -> JSON), seen (twin -> ms), started (job -> "slot term JSON").
-- ARGV: the question as JSON; how long an unseen twin stays a member, in ms.
-- Numbers are exact up to 2^53, and are stored as texts: cjson rounds to 14 digits.
local RECORD, MEMBERS, SEEN, STARTED = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local asked, MEMBER_FOR_MS = cjson.decode(ARGV[1]), tonumber(ARGV[2])
local FIELDS = {'member', 'term', 'expires_ms', 'released', 'known', 'floor'}
local me = asked.member
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function text(number)
  return string.format('%.0f', number)
end

-- Redis compares texts by its locale; boots are compared by their bytes.
local function is_newer(boot, other)
  for at = 1, math.min(#boot, #other) do
    local byte, others = boot:byte(at), other:byte(at)
    if byte ~= others then
      return byte > others
    end
  end
  return #boot > #other
end

local function read_record()
  local found = redis.call('HMGET', RECORD, unpack(FIELDS))
  if not found[1] then
    return nil
  end
  return {
    boot = cjson.decode(found[1]).boot, term = tonumber(found[2]),
    expires_ms = tonumber(found[3]), released = found[4] == '1', known = cjson.decode(found[5]),
    floor = tonumber(found[6]),
  }
end

-- Also writes what stays: a replica must refuse each question, not answer from what it has.
local function join(member)
  local known, written, seen_ms = redis.call('HGET', MEMBERS, member.twin), nil, text(now)
  local superseded = known and is_newer(cjson.decode(known).boot, member.boot)
  if superseded then
    written, seen_ms = known, redis.call('HGET', SEEN, member.twin)
  else
    written = cjson.encode(member)
  end
  redis.call('HSET', MEMBERS, member.twin, written)
  redis.call('HSET', SEEN, member.twin, seen_ms)
  return superseded
end

local function join_all()
  for _, one in ipairs(asked.members) do
    join(one)
  end
end

local function hold(term, floor)
  redis.call('HSET', RECORD, 'member', cjson.encode(me), 'term', text(term),
    'expires_ms', text(now + asked.lease_ms), 'released', '0',
    'known', cjson.encode(asked.known), 'floor', text(floor))
end

-- Enters the slot unless one as new is known; returns the one that is known.
local function enter(job, slot)
  local had = redis.call('HGET', STARTED, job)
  local had_slot, term, member = string.match(had or '', '^(%-?%d+) (%-?%d+) (.*)$')
  had_slot = tonumber(had_slot)
  if not had_slot or had_slot < slot then
    redis.call('HSET', STARTED, job, text(slot) .. ' ' .. text(asked.term) .. ' ' .. cjson.encode(me))
  end
  return had_slot, tonumber(term), member
end

local function enter_all()
  for _, one in ipairs(asked.slots) do
    enter(one[1], one[2])
  end
end

redis.call('HSETNX', RECORD, 'began_ms', text(now))
local began_ms = redis.call('HGET', RECORD, 'began_ms')
local record = read_record()
local superseded = join(me)
local otherwise = record and 'taken' or 'empty'
local is_its = record and not record.released and record.boot == me.boot
  and record.term == asked.term

-- The term and floor of a claim that is granted; nil if it is not.
local function granted()
  if not record then
    if asked.patient and now >= tonumber(began_ms) + asked.lease_ms then
      return asked.term + 1, asked.floor
    end
    return nil
  end
  local known = next(record.known) == nil or record.known[me.twin] == me.boot
  local saw_it = asked.seen == record.term
  local passed_on = record.released or record.boot == me.boot
  local may_follow = known or (asked.patient and saw_it)
  if not passed_on and not (may_follow and now >= record.expires_ms) then
    return nil
  end
  local complete = saw_it and (passed_on or known)
  local floor = complete and record.floor or math.max(record.floor, asked.floor)
  return math.max(record.term, asked.term) + 1, floor
end

local rule, taken = {}, {}

function rule.join()
  return superseded and 'superseded' or otherwise
end

function rule.claim()
  if superseded then
    return 'superseded'
  end
  local term, floor = granted()
  if not term then
    return otherwise
  end
  if not record then
    join_all()
  end
  hold(term, floor)
  return 'granted'
end

function rule.renew()
  if not is_its then
    return otherwise
  end
  local seen = redis.call('HGETALL', SEEN)
  for at = 1, #seen, 2 do
    if tonumber(seen[at + 1]) < now - MEMBER_FOR_MS then
      redis.call('HDEL', MEMBERS, seen[at])
      redis.call('HDEL', SEEN, seen[at])
    end
  end
  hold(asked.term, record.floor)
  return 'granted'
end

function rule.restore()
  if record or now >= asked.until_ms then
    return otherwise
  end
  join_all()
  enter_all()
  hold(asked.term, asked.floor)
  return 'granted'
end

function rule.release()
  if is_its then
    enter_all()
    redis.call('HSET', RECORD, 'released', '1', 'expires_ms', text(now))
  end
  return 'granted'
end

function rule.start()
  if not is_its or now >= record.expires_ms then
    return otherwise
  end
  for _, one in ipairs(asked.slots) do
    local slot, term, member
    if one[2] <= record.floor then
      table.insert(taken, one[1])
      table.insert(taken, '')
    else
      slot, term, member = enter(one[1], one[2])
    end
    if slot and slot >= one[2] then
      local had = cjson.decode(member)
      if slot ~= one[2] or had.boot ~= me.boot or term ~= asked.term then
        table.insert(taken, one[1])
        table.insert(taken, had.twin)
      end
    end
  end
  return 'granted'
end

local ruling = rule[asked.op]()
local after = redis.call('HMGET', RECORD, unpack(FIELDS))
return {ruling, text(now), after, redis.call('HVALS', MEMBERS), began_ms, taken}
