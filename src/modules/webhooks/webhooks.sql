-- Webhook sources and their deliveries.

-- Returns what the verification of a signature needs: encrypted secrets and wrapped keys, which are useless without the
-- KMS. Returns no row for an unknown, disabled, or removed source. An id belongs to the source that used it first.
CREATE OR REPLACE FUNCTION app.find_webhook_source(
  source uuid, OUT org_id uuid, OUT scheme text, OUT limit_per_minute integer, OUT secret_ids uuid[],
  OUT secrets bytea[], OUT expiries timestamptz[], OUT key_purposes text[], OUT key_versions integer[],
  OUT wrapped_keys bytea[]
) RETURNS SETOF record LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.org_id, s.scheme, s.limit_per_minute, x.ids, x.secrets, x.expiries, k.purposes, k.key_versions, k.wrapped
    FROM (SELECT * FROM public.webhook_sources y WHERE y.id = source ORDER BY y.created_at LIMIT 1) s
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
   WHERE s.enabled AND s.removed_at IS NULL AND x.ids IS NOT NULL AND k.wrapped IS NOT NULL
$$;
GRANT EXECUTE ON FUNCTION app.find_webhook_source TO vouchsafe_app;

-- Returns the organization that a database secret currently opens; null if it opens none.
CREATE OR REPLACE FUNCTION app_private.webhook_organization(source uuid, entrance bytea) RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.org_id
    FROM (SELECT * FROM public.webhook_sources y WHERE y.id = source ORDER BY y.created_at LIMIT 1) s
    JOIN public.organizations o ON o.id = s.org_id AND o.status = 'active'
   WHERE s.enabled AND s.removed_at IS NULL AND EXISTS (
     SELECT FROM public.webhook_secrets w
      WHERE w.org_id = s.org_id AND w.source_id = s.id AND w.db_secret_hash = sha256(entrance)
        AND (w.expires_at IS NULL OR w.expires_at > now()))
$$;

-- Stores deliveries, each with its job, and answers in their order: accepted, duplicate (same message, same body),
-- conflict (same message, other body), or refused (invalid database secret). stored_id is the first delivery of the
-- message. A repeated call with the same delivery ids gives the same answer. Rows are inserted in the order of the
-- unique key, so that two batches cannot deadlock; jobs in order of arrival. Only rows that were not stored now are
-- looked up, so a new delivery reads nothing of the inbox.
CREATE OR REPLACE FUNCTION app.ingest_webhooks(
  sources uuid[], entrances bytea[], deliveries uuid[], messages text[], bodies bytea[], digests bytea[],
  jobs uuid[], order_keys text[], requests text[]
) RETURNS TABLE (outcome text, stored_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  orgs uuid[];
  accepted uuid[];
BEGIN
  WITH given AS (
    SELECT * FROM unnest(sources, entrances) WITH ORDINALITY AS g (source, entrance, n)
  ), entered AS MATERIALIZED (
    SELECT d.source, d.entrance, app_private.webhook_organization(d.source, d.entrance) AS org
      FROM (SELECT DISTINCT g.source, g.entrance FROM given g) d
  )
  SELECT array_agg(e.org ORDER BY g.n) INTO orgs FROM given g JOIN entered e USING (source, entrance);

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

-- Enters a context that can only write to the audit log of the source's organization, before the source has
-- authenticated.
CREATE OR REPLACE FUNCTION app.enter_webhook_source(source uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app_private.sign_audit_only_context(s.org_id) FROM public.webhook_sources s WHERE s.id = source
    ORDER BY s.created_at
    LIMIT 1
$$;
GRANT EXECUTE ON FUNCTION app.enter_webhook_source TO vouchsafe_app;

-- Gives a failed delivery of the entered organization a new job; returns false if the delivery has not failed.
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
