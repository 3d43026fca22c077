-- Webhook sources and their deliveries.
-- requires platform/database/context.sql

-- Makes the caller responsible for a source that the caller adds, or whose event types the caller changes. The caller
-- cannot name another member.
CREATE OR REPLACE FUNCTION app_private.webhook_responsible() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.responsible := app.membership_id();
  RETURN NEW;
END $$;

CREATE TRIGGER webhook_responsible BEFORE INSERT OR UPDATE OF events, responsible ON webhook_sources
  FOR EACH ROW EXECUTE FUNCTION app_private.webhook_responsible();

-- Makes the caller responsible for a source to which the caller adds a secret, because the secret signs its deliveries.
CREATE OR REPLACE FUNCTION app_private.webhook_secret_responsible() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.webhook_sources s SET responsible = app.membership_id()
    WHERE s.org_id = NEW.org_id AND s.id = NEW.source_id;
  RETURN NULL;
END $$;

CREATE TRIGGER webhook_secret_responsible AFTER INSERT ON webhook_secrets
  FOR EACH ROW EXECUTE FUNCTION app_private.webhook_secret_responsible();

-- Returns the current permissions of the member who is responsible for a source, as {permission: scope}. They are empty
-- after the end of the membership. Returns null if the operator is responsible.
CREATE OR REPLACE FUNCTION app_private.webhook_grants(s public.webhook_sources) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN s.responsible IS NOT NULL THEN coalesce((
    SELECT (app_private.with_active_grants(m)).grants FROM public.memberships m
      WHERE m.org_id = s.org_id AND m.id = s.responsible AND m.status = 'active'), '{}') END
$$;

-- Returns the event types of a source of the current organization and the permissions with which it acts.
CREATE OR REPLACE FUNCTION app.webhook_authority(source uuid, OUT events text[], OUT grants jsonb) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.events, app_private.webhook_grants(s) FROM public.webhook_sources s
    WHERE s.org_id = app.org_id() AND s.id = source
$$;
GRANT EXECUTE ON FUNCTION app.webhook_authority TO vouchsafe_worker;

-- Returns the data for verifying a delivery: the event types and permissions of a source, its encrypted secrets, and
-- the wrapped data keys of its organization. Only the KMS can unwrap the keys. Returns no row if the source is unknown,
-- disabled, or removed, or if its organization is not active. If sources of two organizations have the same id, the
-- older source is returned.
CREATE OR REPLACE FUNCTION app.find_webhook_source(
  source uuid, OUT org_id uuid, OUT scheme text, OUT limit_per_minute integer, OUT events text[], OUT grants jsonb,
  OUT secret_ids uuid[], OUT secrets bytea[], OUT expiries timestamptz[], OUT key_purposes text[],
  OUT key_versions integer[], OUT wrapped_keys bytea[]
) RETURNS SETOF record LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.org_id, s.scheme, s.limit_per_minute, s.events, app_private.webhook_grants(s), x.ids, x.secrets, x.expiries,
         k.purposes, k.key_versions, k.wrapped
    FROM public.webhook_sources s
    JOIN public.organizations o ON o.id = s.org_id AND o.status = 'active'
    CROSS JOIN LATERAL (
      SELECT array_agg(w.id) AS ids, array_agg(w.secret_enc) AS secrets, array_agg(w.expires_at) AS expiries
        FROM public.webhook_secrets w
       WHERE w.org_id = s.org_id AND w.source_id = s.id AND (w.expires_at IS NULL OR w.expires_at > now())) x
    CROSS JOIN LATERAL (
      SELECT array_agg(d.purpose) AS purposes, array_agg(d.key_version::integer) AS key_versions,
        array_agg(d.wrapped) AS wrapped
        FROM public.data_keys d
       WHERE d.org_id = s.org_id AND d.subject_id = '00000000-0000-0000-0000-000000000000' AND d.wrapped IS NOT NULL) k
   WHERE (s.org_id, s.id) = (SELECT y.org_id, y.id FROM public.webhook_sources y WHERE y.id = source
       ORDER BY y.created_at LIMIT 1)
     AND s.enabled AND s.removed_at IS NULL AND x.ids IS NOT NULL AND k.wrapped IS NOT NULL
$$;
GRANT EXECUTE ON FUNCTION app.find_webhook_source TO vouchsafe_app;

-- Returns the organization of a webhook source if db_secret is a valid secret of the source. Returns null
-- if the secret is wrong or has expired, the source is unknown, disabled, or removed, or the organization is not
-- active.
CREATE OR REPLACE FUNCTION app_private.webhook_organization(source uuid, db_secret bytea) RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.org_id
    FROM (SELECT * FROM public.webhook_sources y WHERE y.id = source ORDER BY y.created_at LIMIT 1) s
    JOIN public.organizations o ON o.id = s.org_id AND o.status = 'active'
   WHERE s.enabled AND s.removed_at IS NULL AND EXISTS (
     SELECT FROM public.webhook_secrets w
      WHERE w.org_id = s.org_id AND w.source_id = s.id AND w.db_secret_hash = sha256(db_secret)
        AND (w.expires_at IS NULL OR w.expires_at > now()))
$$;

-- Stores a batch of deliveries, and a job for each new delivery. The arrays have one element per delivery. Returns one
-- row per delivery, in the same order. The outcomes are: accepted; duplicate (the message was stored before with the
-- same body); conflict (the message was stored before with another body); refused (the database secret is invalid).
-- stored_id is the delivery that was stored first for the message. A repeated call with the same delivery ids returns
-- the same outcomes.
--
-- Deliveries are inserted in the order of the unique key, so that two batches cannot deadlock. Jobs are inserted in the
-- order of arrival. The last query reads the inbox only for deliveries that this call did not store.
CREATE OR REPLACE FUNCTION app.ingest_webhooks(
  sources uuid[], db_secrets bytea[], deliveries uuid[], messages text[], bodies bytea[], digests bytea[],
  jobs uuid[], order_keys text[], requests text[]
) RETURNS TABLE (outcome text, stored_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  orgs uuid[];
  accepted uuid[];
BEGIN
  WITH given AS (
    SELECT * FROM unnest(sources, db_secrets) WITH ORDINALITY AS g (source, db_secret, n)
  ), entered AS MATERIALIZED (
    SELECT d.source, d.db_secret, app_private.webhook_organization(d.source, d.db_secret) AS org
      FROM (SELECT DISTINCT g.source, g.db_secret FROM given g) d
  )
  SELECT array_agg(e.org ORDER BY g.n) INTO orgs FROM given g JOIN entered e USING (source, db_secret);

  WITH given AS (
    SELECT * FROM unnest(orgs, sources, deliveries, messages, bodies, digests, jobs, order_keys, requests)
      WITH ORDINALITY AS g (org, source, delivery, message, body, digest, job, order_key, request, n)
     WHERE g.org IS NOT NULL
  ), stored AS (
    INSERT INTO public.webhook_inbox (org_id, id, source_id, message_id, body_enc, body_digest, outbox_id)
    SELECT g.org, g.delivery, g.source, g.message, g.body, g.digest, g.job FROM given g
     ORDER BY g.org, g.source, g.message, g.n
    ON CONFLICT (org_id, source_id, message_id) DO NOTHING RETURNING id, outbox_id
  ), queued AS (
    INSERT INTO public.outbox (org_id, id, job, group_key, order_key, payload, request_id)
    SELECT g.org, g.job, 'webhooks.apply', g.org || ':webhook:' || g.source, g.order_key,
           jsonb_build_object('deliveryId', g.delivery), g.request
      FROM given g JOIN stored s ON s.outbox_id = g.job ORDER BY g.n
  )
  SELECT coalesce(array_agg(s.id), '{}') INTO accepted FROM stored s;

  RETURN QUERY
  SELECT CASE WHEN g.delivery = ANY (accepted) OR i.id = g.delivery THEN 'accepted' WHEN i.id IS NULL THEN 'refused'
              WHEN i.body_digest = g.digest THEN 'duplicate' ELSE 'conflict' END,
         CASE WHEN g.delivery = ANY (accepted) THEN g.delivery ELSE i.id END
    FROM unnest(orgs, sources, deliveries, messages, digests) WITH ORDINALITY AS g (org, source, delivery, message,
      digest, n)
    LEFT JOIN LATERAL (
      SELECT x.id, x.body_digest FROM public.webhook_inbox x
       WHERE g.delivery <> ALL (accepted) AND x.org_id = g.org AND x.source_id = g.source AND x.message_id = g.message
       LIMIT 1) i ON true
   ORDER BY g.n;
END $$;
GRANT EXECUTE ON FUNCTION app.ingest_webhooks TO vouchsafe_app;

-- Enters an audit-only context for the organization of a webhook source. It needs no secret, because the API calls it
-- to record rejected deliveries.
CREATE OR REPLACE FUNCTION app.enter_webhook_source(source uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.sign_audit_only_context(s.org_id) FROM public.webhook_sources s WHERE s.id = source
    ORDER BY s.created_at
    LIMIT 1
$$;
GRANT EXECUTE ON FUNCTION app.enter_webhook_source TO vouchsafe_app;

-- Replaces the failed job of a delivery with a new job. Returns false if the job has not failed, the body was deleted,
-- or the caller does not have the permission delivery:replay.
CREATE OR REPLACE FUNCTION app.replay_webhook(delivery uuid, job uuid, request text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH failed AS (
    DELETE FROM public.outbox o USING public.webhook_inbox i
     WHERE app.has_permission('delivery:replay') AND i.org_id = app.org_id() AND i.id = delivery
       AND i.processed_at IS NULL
       AND i.body_enc IS NOT NULL
       AND o.org_id = i.org_id AND o.id = i.outbox_id AND o.state = 'failed'
    RETURNING o.org_id, o.job, o.group_key, o.order_key, o.payload
  ), again AS (
    INSERT INTO public.outbox (org_id, id, job, group_key, order_key, payload, request_id)
    SELECT d.org_id, replay_webhook.job, d.job, d.group_key, d.order_key, d.payload, request FROM failed d
  ), moved AS (
    UPDATE public.webhook_inbox i SET outbox_id = replay_webhook.job FROM failed d
      WHERE i.org_id = d.org_id AND i.id = delivery
  )
  SELECT EXISTS (SELECT FROM failed)
$$;
GRANT EXECUTE ON FUNCTION app.replay_webhook TO vouchsafe_app;
