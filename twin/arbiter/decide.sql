-- `decide` of twin/core/pair/arbiter.py for PostgreSQL: one statement is one atomic question.
--
-- It holds at READ COMMITTED. `locked` waits for all earlier questions to be committed, and then
-- reads what they left, although the statement is older. No other part reads a table: `entered`
-- sees the newest slots because a conflict shows the newest row.
--
-- The time is taken after the wait, and all that depends on it is committed before the next
-- question takes its own, which is later. So a start that was granted before the lease was over
-- comes before every claim that finds it over.
WITH locked AS MATERIALIZED (
  SELECT record, seen, began_ms FROM twin_arbiter WHERE name = %(name)s::text FOR UPDATE
),
timed AS MATERIALIZED (
  SELECT
    *,
    floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms,
    %(op)s::text AS op,
    %(member)s::jsonb AS me,
    %(twin)s::text AS twin,
    %(boot)s::text AS boot,
    %(term)s::bigint AS asked_term,
    %(patient)s::boolean AS patient
  FROM locked
),
joined AS MATERIALIZED (
  SELECT
    timed.op, timed.me, timed.twin, timed.boot, timed.asked_term, timed.patient, timed.now_ms,
    timed.record, timed.seen,
    coalesce(timed.began_ms, timed.now_ms) AS began_ms,
    superseded,
    CASE WHEN superseded THEN seen
      ELSE seen || jsonb_build_object(twin, jsonb_build_object('member', me, 'ms', now_ms))
    END AS members
  FROM timed,
    -- Boots are compared by their bytes, whatever the language of the database.
    coalesce(seen -> twin -> 'member' ->> 'boot' COLLATE "C" > boot COLLATE "C", false) AS superseded
),
parsed AS MATERIALIZED (
  SELECT
    *,
    CASE WHEN record IS NULL THEN 'empty' ELSE 'taken' END AS otherwise,
    (record ->> 'term')::bigint AS term,
    now_ms >= (record ->> 'expires_ms')::bigint AS ended,
    (record ->> 'released')::boolean AS released,
    (record ->> 'floor')::bigint AS floor,
    record -> 'member' ->> 'boot' = boot AS same_boot,
    record -> 'known' = '{}' OR record -> 'known' ->> twin = boot AS is_known,
    (record ->> 'term')::bigint = %(seen)s::bigint AS saw_it
  FROM joined
),
held AS MATERIALIZED (
  SELECT
    *,
    coalesce(NOT released AND same_boot AND term = asked_term, false) AS is_its,
    CASE WHEN record IS NULL THEN patient AND now_ms >= began_ms + %(lease_ms)s::bigint
      ELSE released OR same_boot OR (
        ended AND (coalesce(is_known, false) OR (patient AND saw_it))
      )
    END AS is_free,
    coalesce(saw_it AND (released OR same_boot OR coalesce(is_known, false)), false) AS is_complete
  FROM parsed
),
ruled AS MATERIALIZED (
  SELECT
    *,
    CASE
      WHEN op IN ('join', 'claim') AND superseded THEN 'superseded'
      WHEN op = 'claim' AND is_free THEN 'granted'
      WHEN op = 'renew' AND is_its THEN 'granted'
      WHEN op = 'restore' AND record IS NULL AND now_ms < %(until_ms)s::bigint THEN 'granted'
      WHEN op = 'release' THEN 'granted'
      WHEN op = 'start' AND is_its AND NOT ended THEN 'granted'
      ELSE otherwise
    END AS ruling
  FROM held
),
decided AS MATERIALIZED (
  SELECT
    ruling,
    now_ms,
    op,
    me,
    boot,
    asked_term,
    began_ms,
    floor,
    CASE WHEN op = 'release' THEN is_its ELSE ruling = 'granted' END AS enters,
    CASE
      WHEN op IN ('claim', 'renew', 'restore') AND ruling = 'granted' THEN jsonb_build_object(
        'member', me,
        'term',
        CASE op WHEN 'claim' THEN greatest(term, asked_term) + 1 ELSE asked_term END,
        'expires_ms', now_ms + %(lease_ms)s::bigint,
        'released', false,
        'known', %(known)s::jsonb,
        'floor',
        CASE
          WHEN op = 'renew' OR (op = 'claim' AND is_complete) THEN floor
          ELSE greatest(floor, %(floor)s::bigint)
        END
      )
      WHEN op = 'release' AND is_its
        THEN record || jsonb_build_object('released', true, 'expires_ms', now_ms)
      ELSE record
    END AS record,
    CASE
      WHEN op = 'renew' AND ruling = 'granted' THEN (
        SELECT coalesce(jsonb_object_agg(key, value), '{}')
        FROM jsonb_each(members)
        WHERE (value ->> 'ms')::bigint >= now_ms - %(member_for_ms)s::bigint
      )
      -- By twin, the newest boot of those that are known and those of the lost list.
      WHEN op IN ('claim', 'restore') AND record IS NULL AND ruling = 'granted' THEN (
        SELECT jsonb_object_agg(key, value)
        FROM (
          SELECT DISTINCT ON (key) key, value
          FROM (
            SELECT key, value, 0 AS place FROM jsonb_each(members)
            UNION ALL
            SELECT one ->> 'twin', jsonb_build_object('member', one, 'ms', now_ms), place
            FROM jsonb_array_elements(%(members)s::jsonb) WITH ORDINALITY AS restored (one, place)
          ) AS each_one
          ORDER BY key, value -> 'member' ->> 'boot' COLLATE "C" DESC, place DESC
        ) AS newest
      )
      ELSE members
    END AS seen
  FROM ruled
),
written AS (
  UPDATE twin_arbiter
  SET record = decided.record, seen = decided.seen, began_ms = decided.began_ms
  FROM decided
  WHERE name = %(name)s::text
),
entered AS (
  INSERT INTO twin_arbiter_slot AS had (name, job, slot, term, member)
  SELECT %(name)s::text, job, slot, asked_term, me
  FROM decided, unnest(%(jobs)s::text[], %(slots)s::bigint[]) AS asked (job, slot)
  WHERE enters
    AND (op IN ('release', 'restore') OR (op = 'start' AND asked.slot > decided.floor))
  -- A row that stays is returned, too: who started it is told.
  ON CONFLICT (name, job) DO UPDATE SET
    slot = CASE WHEN had.slot < excluded.slot THEN excluded.slot ELSE had.slot END,
    term = CASE WHEN had.slot < excluded.slot THEN excluded.term ELSE had.term END,
    member = CASE WHEN had.slot < excluded.slot THEN excluded.member ELSE had.member END
  RETURNING job, slot, term, member
)
SELECT
  ruling,
  now_ms,
  record,
  (SELECT coalesce(jsonb_agg(value -> 'member'), '[]') FROM jsonb_each(seen)) AS members,
  began_ms,
  (
    SELECT coalesce(jsonb_object_agg(asked.job, coalesce(entered.member ->> 'twin', '')), '{}')
    FROM unnest(%(jobs)s::text[], %(slots)s::bigint[]) AS asked (job, slot)
    LEFT JOIN entered ON entered.job = asked.job
    WHERE op = 'start' AND ruling = 'granted' AND (
      asked.slot <= decided.floor
      OR (entered.slot, entered.term, entered.member ->> 'boot') <> (asked.slot, asked_term, boot)
    )
  ) AS taken
FROM decided
