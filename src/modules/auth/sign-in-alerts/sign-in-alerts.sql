-- Anomaly detection at sign-in: new devices and countries, impossible travel, password guessing, and password spraying.

-- Returns the keyed hash under which the failure log stores a value.
CREATE OR REPLACE FUNCTION app_private.failure_digest(org uuid, of bytea) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT sha256(k.secret || uuid_send(org) || of) FROM app_private.failure_mark_key k
$$;

-- Returns the minimum distance between two locations in kilometers. It is the great-circle distance of their centers
-- (haversine formula) minus both radii. An IP can be anywhere within its radius, so the minimum prevents false alarms
-- for large countries.
CREATE OR REPLACE FUNCTION app_private.least_distance_km(
  a_lat float8, a_lon float8, a_radius float8, b_lat float8, b_lon float8, b_radius float8
) RETURNS float8
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT greatest(0, 2 * 6371 * asin(least(1, sqrt(
    power(sin(radians(b_lat - a_lat) / 2),
      2) + cos(radians(a_lat)) * cos(radians(b_lat)) * power(sin(radians(b_lon - a_lon) / 2),
        2)))) - a_radius - b_radius)
$$;

-- Returns true if two sign-ins are more than 500 km apart and the required speed exceeds that of an airliner.
CREATE OR REPLACE FUNCTION app_private.is_impossible_travel(km float8, seconds float8) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(km > 500 AND km > 900 * seconds / 3600, false)
$$;

-- Stores a signal (a device or a country) of a member's sign-in. Returns true if the signal is new and the membership
-- has older signals. Returns false for a null signal. The parameter `others` is true if the membership has older
-- sign-ins.
CREATE OR REPLACE FUNCTION app_private.is_new_signal(
  m public.memberships, signal_kind text, content bytea, others boolean
) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  signal bytea := sha256(uuid_send(m.id) || content);
BEGIN
  IF content IS NULL THEN RETURN false; END IF;
  UPDATE public.known_sign_in_signals k SET last_seen_at = now()
    WHERE k.org_id = m.org_id AND k.membership_id = m.id AND k.kind = signal_kind AND k.digest = signal;
  IF FOUND THEN RETURN false; END IF;
  others := others OR EXISTS (SELECT FROM public.known_sign_in_signals k
    WHERE k.org_id = m.org_id AND k.membership_id = m.id AND k.kind = signal_kind);
  INSERT INTO public.known_sign_in_signals (org_id, membership_id, kind, digest)
    VALUES (m.org_id, m.id, signal_kind, signal);
  RETURN others;
END $$;

-- Adds a job about an unusual sign-in to the outbox.
CREATE OR REPLACE FUNCTION app_private.enqueue_job(org uuid, job text, payload jsonb, request_id text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO public.outbox (org_id, id, job, group_key, payload, request_id)
  VALUES (org, gen_random_uuid(), job, org || ':' || job, jsonb_strip_nulls(payload), coalesce(request_id, 'unknown'))
$$;

-- Compares a new session with the member's earlier sessions. The caller must hold the lock on the user's row. The first
-- sign-in is never unusual. After a device signal is deleted at the end of its retention period, the device is reported
-- again. A country is then reported only if the membership has another known country.
CREATE OR REPLACE FUNCTION app_private.detect_sign_in_anomaly(m public.memberships, visit app.new_session) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  new_device boolean := app_private.is_new_signal(m, 'device', visit.device, m.last_used_at IS NOT NULL);
  new_place boolean := app_private.is_new_signal(m, 'country', convert_to(visit.country, 'UTF8'), false);
  earlier public.sessions; seconds float8; impossible boolean := false;
BEGIN
  IF visit.country IS NOT NULL THEN
    SELECT x.* INTO earlier FROM public.sessions x
      WHERE x.org_id = m.org_id AND x.membership_id = m.id AND x.id <> visit.id AND x.country IS NOT NULL
     ORDER BY x.created_at DESC LIMIT 1;
    seconds := extract(epoch FROM clock_timestamp() - earlier.created_at);
    impossible := app_private.is_impossible_travel(app_private.least_distance_km(
      earlier.latitude, earlier.longitude, earlier.radius_km, visit.latitude, visit.longitude, visit.radius_km),
        seconds);
  END IF;
  IF impossible THEN
    UPDATE public.sessions x SET flagged_suspicious = true WHERE x.org_id = m.org_id AND x.id = visit.id;
  END IF;
  IF new_device OR new_place OR impossible THEN
    PERFORM app_private.enqueue_job(m.org_id, 'auth.record_sign_in_alert',
      jsonb_build_object('sessionId', visit.id, 'newDevice', new_device, 'newPlace', new_place,
      'impossibleFrom', CASE WHEN impossible THEN earlier.country END, 'minutes', CASE WHEN impossible
        THEN ceil(seconds / 60) END), visit.request_id);
  END IF;
END $$;

-- Stores a wrong password. Enqueues a report after 20 failures from one IP within 10 minutes, counted over all accounts
-- of the organization. Enqueues another report after 10 failures for one account within one hour. Each of these periods
-- produces at most one report. Parallel calls wait for each other, so every failure is counted.
CREATE OR REPLACE FUNCTION app_private.detect_brute_force(
  org uuid, member uuid, lockout_key bytea, visit app.new_session
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ip_digest bytea := app_private.failure_digest(org, inet_send(visit.ip));
  account_digest bytea := app_private.failure_digest(org, lockout_key);
  failure uuid; recent record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(encode(coalesce(ip_digest, account_digest), 'hex'), 0));
  INSERT INTO public.sign_in_failures (org_id, address_mark, account_mark) VALUES (org, ip_digest, account_digest)
    RETURNING id INTO failure;
  SELECT count(*) AS failures, count(DISTINCT f.account_mark) AS accounts, bool_or(f.spraying_noted) AS noted
    INTO recent FROM public.sign_in_failures f
      WHERE f.org_id = org AND f.address_mark = ip_digest AND f.failed_at > clock_timestamp() - interval '10 minutes';
  IF recent.failures >= 20 AND NOT recent.noted THEN
    UPDATE public.sign_in_failures f SET spraying_noted = true WHERE f.org_id = org AND f.id = failure;
    PERFORM app_private.enqueue_job(org, 'auth.record_brute_force',
      jsonb_build_object('of', 'address', 'failures', recent.failures, 'accounts', recent.accounts), visit.request_id);
  END IF;
  SELECT count(*) AS failures, bool_or(f.guessing_noted) AS noted INTO recent
    FROM public.sign_in_failures f
      WHERE f.org_id = org AND f.account_mark = account_digest AND f.failed_at > clock_timestamp() - interval '1 hour';
  IF recent.failures >= 10 AND NOT recent.noted THEN
    UPDATE public.sign_in_failures f SET guessing_noted = true WHERE f.org_id = org AND f.id = failure;
    PERFORM app_private.enqueue_job(org, 'auth.record_brute_force',
      jsonb_build_object('of', 'account', 'failures', recent.failures, 'accounts', 1, 'userId', member),
        visit.request_id);
  END IF;
END $$;
