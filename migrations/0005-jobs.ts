import { SqlMigration } from '../src/platform/database/sql-migration.js';

/** Work to be done: the outbox, from which BullMQ is fed, the record of scheduled runs, and the worker's entrances. */
export class Jobs1770000000005 extends SqlMigration {
  protected readonly sql = /* sql */ `
    CREATE TABLE outbox (
      org_id uuid NOT NULL REFERENCES organizations,
      id uuid NOT NULL,
      seq bigint GENERATED ALWAYS AS IDENTITY,
      job text NOT NULL,
      lane text NOT NULL CHECK (starts_with(lane, org_id::text || ':')),
      order_key text,
      payload jsonb NOT NULL,
      request_id text NOT NULL,
      state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'dispatched', 'done', 'dead')),
      available_at timestamptz NOT NULL DEFAULT now(),
      leased_until timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      finished_at timestamptz,
      error_code text,
      PRIMARY KEY (org_id, id)
    );
    CREATE INDEX outbox_pending ON outbox (lane, seq) WHERE state = 'pending';
    CREATE INDEX outbox_dispatched ON outbox (lane, leased_until) WHERE state = 'dispatched';
    CREATE INDEX outbox_order ON outbox (lane, order_key, seq) WHERE state IN ('pending', 'dispatched') AND order_key IS NOT NULL;
    CREATE INDEX outbox_finished ON outbox (org_id, finished_at) WHERE finished_at IS NOT NULL;
    SELECT app_private.protect_table('outbox', 'SELECT, INSERT (org_id, id, job, lane, order_key, payload, request_id, available_at)', true);
    GRANT UPDATE, DELETE ON outbox TO vouchsafe_worker;

    -- Takes what may be handed to the queues now: every lane in turn, few of one lane in flight, in order where an
    -- order key asks for it. lease_seconds is how long each job may take before it is handed out again. What a
    -- suspended
    -- organization has waits, but for jobs that are duties, in the lanes named after them.
    CREATE FUNCTION app.claim_outbox(per_lane integer, lease_seconds jsonb, duties text[])
    RETURNS TABLE (org_id uuid, id uuid, job text, attempt_lane text)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      WITH RECURSIVE lanes AS (
        (SELECT lane FROM public.outbox WHERE state = 'pending' ORDER BY lane LIMIT 1)
        UNION ALL
        SELECT (SELECT o.lane FROM public.outbox o WHERE o.state = 'pending' AND o.lane > l.lane ORDER BY o.lane LIMIT 1)
          FROM lanes l WHERE l.lane IS NOT NULL
      ), claimed AS (
        SELECT c.org_id, c.id FROM lanes l CROSS JOIN LATERAL (
          SELECT o.org_id, o.id FROM public.outbox o
           WHERE o.state = 'pending' AND o.lane = l.lane AND o.available_at <= clock_timestamp()
             AND (o.order_key IS NULL OR NOT EXISTS (
               SELECT FROM public.outbox earlier
                WHERE earlier.lane = o.lane AND earlier.order_key = o.order_key AND earlier.seq < o.seq
                  AND earlier.state IN ('pending', 'dispatched') AND earlier.order_key IS NOT NULL))
           ORDER BY o.seq
           LIMIT greatest(0, per_lane - (SELECT count(*) FROM public.outbox d WHERE d.state = 'dispatched' AND d.lane = l.lane))
           FOR UPDATE SKIP LOCKED
        ) c WHERE l.lane IS NOT NULL AND (substr(l.lane, 38) = ANY (duties) OR EXISTS (
          SELECT FROM public.organizations org WHERE org.id = left(l.lane, 36)::uuid AND org.status = 'active'))
      )
      UPDATE public.outbox o SET state = 'dispatched',
             leased_until = clock_timestamp() + make_interval(secs => coalesce((lease_seconds ->> o.job)::integer, 60))
        FROM claimed c WHERE o.org_id = c.org_id AND o.id = c.id
      RETURNING o.org_id, o.id, o.job, o.lane
    $$;

    -- Gives back what was handed out and never came to an end; all of it when the queue lost its memory.
    CREATE FUNCTION app.reclaim_outbox(everything boolean) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      WITH back AS (
        UPDATE public.outbox SET state = 'pending', leased_until = NULL
         WHERE state = 'dispatched' AND (everything OR leased_until < clock_timestamp()) RETURNING 1
      ) SELECT count(*) FROM back
    $$;

    -- How much waits, and for how long, leaving out what suspended organizations have: figures for the metrics.
    CREATE FUNCTION app.outbox_depth(OUT pending bigint, OUT dispatched bigint, OUT dead bigint, OUT oldest_seconds double precision)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'dispatched'),
             count(*) FILTER (WHERE state = 'dead'),
             coalesce(extract(epoch FROM clock_timestamp() - min(created_at) FILTER (WHERE state = 'pending')), 0)::double precision
        FROM public.outbox WHERE state IN ('pending', 'dispatched', 'dead')
         AND org_id IN (SELECT o.id FROM public.organizations o WHERE o.status = 'active')
    $$;

    -- One row a slot: whoever inserts it runs the job, whatever the number of instances. A slot that was missed is
    -- inserted late, not never.
    CREATE TABLE job_runs (
      org_id uuid NOT NULL REFERENCES organizations,
      schedule text NOT NULL,
      period timestamptz NOT NULL,
      outbox_id uuid NOT NULL,
      status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'succeeded', 'failed')),
      counts jsonb NOT NULL DEFAULT '{}',
      error_code text,
      created_at timestamptz NOT NULL DEFAULT now(),
      finished_at timestamptz,
      PRIMARY KEY (org_id, schedule, period)
    );
    CREATE INDEX job_runs_recent ON job_runs (org_id, created_at DESC);
    CREATE INDEX job_runs_outbox ON job_runs (org_id, outbox_id);
    SELECT app_private.protect_table('job_runs', 'SELECT, INSERT');
    GRANT UPDATE, DELETE ON job_runs TO vouchsafe_worker;

    -- Entrances of the worker alone: any organization by id; a member, to act with exactly that member's scope.
    CREATE FUNCTION app.enter_organization(org uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF NOT EXISTS (SELECT FROM public.organizations o WHERE o.id = org) THEN
        RAISE EXCEPTION 'no such organization' USING ERRCODE = '42501';
      END IF;
      PERFORM app_private.sign_context(ARRAY['system', org::text, NULL, NULL, NULL, NULL, org::text, NULL]);
    END $$;

    CREATE FUNCTION app.enter_member(org uuid, member uuid, OUT role text, OUT portal boolean, OUT grants text, OUT user_id uuid, OUT email text,
      OUT user_name text, OUT org_name text, OUT access_grant_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      m public.memberships;
    BEGIN
      SELECT x.* INTO m FROM public.memberships x JOIN public.organizations o ON o.id = x.org_id AND o.status = 'active'
       WHERE x.org_id = org AND x.id = member AND x.status = 'active';
      IF NOT FOUND THEN
        RAISE EXCEPTION 'no such active membership' USING ERRCODE = '42501';
      END IF;
      m := app_private.at_present(m);
      role := m.role; portal := m.portal; grants := m.grants::text; user_id := m.user_id; access_grant_id := m.access_grant_id;
      email := (SELECT u.email FROM public.users u WHERE u.id = m.user_id); user_name := m.name;
      org_name := (SELECT o.name FROM public.organizations o WHERE o.id = org);
      PERFORM app_private.sign_member(m);
    END $$;

    -- The organizations there are, for work that is done in each; those that are suspended where it is done there too.
    CREATE FUNCTION app.organization_ids(suspended_too boolean) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT id FROM public.organizations WHERE suspended_too OR status = 'active' ORDER BY id
    $$;

    GRANT EXECUTE ON FUNCTION app.enter_organization, app.enter_member, app.organization_ids TO vouchsafe_worker;
    GRANT EXECUTE ON FUNCTION app.claim_outbox, app.reclaim_outbox, app.outbox_depth TO vouchsafe_worker;
  `;
}
