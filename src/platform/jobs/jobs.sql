-- The outbox: claiming jobs, returning expired leases, and metrics.

-- Claims the jobs that the worker can dispatch now, and marks them as dispatched. The function takes jobs from all
-- group keys in turn. The parameter per_lane limits the dispatched jobs of each group key. Jobs with the same order key
-- are claimed one at a time, oldest first. The parameter lease_seconds maps each job name to its lease. When the lease
-- expires, the job becomes claimable again. Jobs of a suspended organization wait, unless `duties` lists the suffix of
-- their group key.
CREATE OR REPLACE FUNCTION app.claim_outbox(per_lane integer, lease_seconds jsonb, duties text[])
RETURNS TABLE (org_id uuid, id uuid, job text, attempt_lane text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE group_keys AS (
    (SELECT group_key FROM public.outbox WHERE state = 'pending' ORDER BY group_key LIMIT 1)
    UNION ALL
    SELECT (SELECT o.group_key FROM public.outbox o
             WHERE o.state = 'pending' AND o.group_key > l.group_key ORDER BY o.group_key LIMIT 1)
      FROM group_keys l WHERE l.group_key IS NOT NULL
  ), claimed AS (
    SELECT c.org_id, c.id FROM group_keys l CROSS JOIN LATERAL (
      SELECT o.org_id, o.id FROM public.outbox o
       WHERE o.state = 'pending' AND o.group_key = l.group_key AND o.available_at <= clock_timestamp()
         AND (o.order_key IS NULL OR NOT EXISTS (
           SELECT FROM public.outbox earlier
            WHERE earlier.group_key = o.group_key AND earlier.order_key = o.order_key AND earlier.seq < o.seq
              AND earlier.state IN ('pending', 'dispatched') AND earlier.order_key IS NOT NULL))
       ORDER BY o.seq
       LIMIT greatest(0, per_lane - (SELECT count(*) FROM public.outbox d
         WHERE d.state = 'dispatched' AND d.group_key = l.group_key))
       FOR UPDATE SKIP LOCKED
    ) c WHERE l.group_key IS NOT NULL AND (substr(l.group_key, 38) = ANY (duties) OR EXISTS (
      SELECT FROM public.organizations org WHERE org.id = left(l.group_key, 36)::uuid AND org.status = 'active'))
  )
  UPDATE public.outbox o SET state = 'dispatched',
         leased_until = clock_timestamp() + make_interval(secs => coalesce((lease_seconds ->> o.job)::integer, 60))
    FROM claimed c WHERE o.org_id = c.org_id AND o.id = c.id
  RETURNING o.org_id, o.id, o.job, o.group_key
$$;
GRANT EXECUTE ON FUNCTION app.claim_outbox TO vouchsafe_worker;

-- Resets dispatched jobs with an expired lease to pending and returns their number. If `everything` is true, resets all
-- dispatched jobs. The worker requests this after Redis has lost its data.
CREATE OR REPLACE FUNCTION app.reclaim_outbox(everything boolean) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH back AS (
    UPDATE public.outbox SET state = 'pending', leased_until = NULL
     WHERE state = 'dispatched' AND (everything OR leased_until < clock_timestamp()) RETURNING 1
  ) SELECT count(*) FROM back
$$;
GRANT EXECUTE ON FUNCTION app.reclaim_outbox TO vouchsafe_worker;

-- Returns the metrics of the outbox without the jobs of suspended organizations.
CREATE OR REPLACE FUNCTION app.outbox_depth(
  OUT pending bigint, OUT dispatched bigint, OUT failed bigint, OUT oldest_seconds double precision
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'dispatched'),
         count(*) FILTER (WHERE state = 'failed'),
         coalesce(extract(epoch FROM clock_timestamp() - min(created_at) FILTER (WHERE state = 'pending')),
           0)::double precision
    FROM public.outbox WHERE state IN ('pending', 'dispatched', 'failed')
     AND org_id IN (SELECT o.id FROM public.organizations o WHERE o.status = 'active')
$$;
GRANT EXECUTE ON FUNCTION app.outbox_depth TO vouchsafe_worker;
