import { SqlMigration } from '../src/platform/database/sql-migration.js';

/**
 * Credentials, sessions, and the entrances for people.
 *
 * The database never hands out a password hash: it gives the salt, takes the Argon2id output and
 * compares its SHA-256 itself. So the application's role can neither open a session without the
 * password nor read what would let somebody guess it.
 */
export class SignIn1770000000003 extends SqlMigration {
  protected readonly sql = /* sql */ `
    CREATE TABLE app_private.credentials (
      user_id uuid PRIMARY KEY REFERENCES users,
      salt bytea NOT NULL CHECK (length(salt) = 16),
      verifier bytea NOT NULL CHECK (length(verifier) = 32),
      changed_at timestamptz NOT NULL DEFAULT now()
    );

    -- What the false salts of unknown addresses are drawn from: the same for an address at every try, and not to be
    -- computed.
    CREATE TABLE app_private.false_salt_key (
      singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
      secret bytea NOT NULL DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
    );
    INSERT INTO app_private.false_salt_key DEFAULT VALUES;

    -- The steady salt of what is not there.
    CREATE FUNCTION app_private.false_salt(of bytea) RETURNS bytea LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT substring(sha256(k.secret || of) FROM 1 FOR 16) FROM app_private.false_salt_key k
    $$;

    -- Keyed by the hash of the address that was typed, so that unknown addresses lock exactly as known ones do.
    CREATE TABLE app_private.sign_in_locks (
      login_key bytea PRIMARY KEY,
      failures integer NOT NULL,
      pending integer NOT NULL,
      last_at timestamptz NOT NULL,
      locked_until timestamptz
    );

    -- What a visitor brings to a session that is about to be opened: entrances take it as one value.
    -- device: what tells one browser from another; then where it is, as far as an address tells: anywhere within
    -- radius_km of a point.
    -- idp_subject and signed_in_at come from an identity provider alone: its name for the person, and when it last saw
    -- them prove who they are.
    CREATE TYPE app.visit AS (id uuid, secret_hash bytea, ip inet, user_agent text,
      device bytea, country text, latitude real, longitude real, radius_km real, remember boolean, request_id text,
      idp_subject text, signed_in_at timestamptz);

    -- origin_org_id: where somebody signed in, when the session was carried over from there; signed_in_at: when they
    -- did;
    -- stepped_up_at: when they last proved again who they are. remembered_device: the second factor was shown on an
    -- earlier day.
    -- connection_id, idp_subject and idp_session: the identity provider that opened it, and what it calls person and
    -- session, so that it can end it.
    -- remembered: lasts for seven days, while its organization allows that. suspect: nobody could have come here in
    -- time from
    -- where they signed in before, so that the sign-in is no fresh one for what asks for one.
    CREATE TABLE sessions (
      org_id uuid NOT NULL,
      id uuid NOT NULL,
      membership_id uuid NOT NULL,
      user_id uuid NOT NULL REFERENCES users,
      secret_hash bytea NOT NULL,
      method text NOT NULL CHECK (method IN ('password', 'passkey', 'saml', 'oidc')),
      second_factor_at timestamptz,
      remembered_device boolean NOT NULL DEFAULT false,
      signed_in_at timestamptz NOT NULL DEFAULT now(),
      stepped_up_at timestamptz,
      origin_org_id uuid,
      connection_id uuid,
      idp_subject text,
      idp_session text,
      created_at timestamptz NOT NULL DEFAULT now(),
      last_seen_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL,
      revoked_at timestamptz,
      ip inet,
      user_agent text,
      country text,
      latitude real,
      longitude real,
      radius_km real,
      remembered boolean NOT NULL DEFAULT false,
      suspect boolean NOT NULL DEFAULT false,
      PRIMARY KEY (org_id, id),
      FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id)
    );
    CREATE INDEX sessions_secret ON sessions (secret_hash);
    CREATE INDEX sessions_user ON sessions (user_id, created_at) WHERE revoked_at IS NULL;
    CREATE INDEX sessions_expiry ON sessions (org_id, expires_at);
    CREATE INDEX sessions_provider ON sessions (connection_id, idp_subject) WHERE revoked_at IS NULL;
    SELECT app_private.protect_table('sessions', 'DELETE', true);
    GRANT SELECT (org_id, id, membership_id, user_id, method, second_factor_at, created_at, last_seen_at, expires_at,
      revoked_at, ip, user_agent, country, remembered, connection_id, idp_subject, idp_session), UPDATE (revoked_at) ON sessions TO vouchsafe_app;
    -- What has ended does not begin again.
    CREATE POLICY ended_for_good ON sessions AS RESTRICTIVE FOR UPDATE TO vouchsafe_app USING (true) WITH CHECK (revoked_at IS NOT NULL);

    -- Signs the context of a membership, as it stands at this moment; of one that is here by an API key, not as its
    -- user.
    CREATE FUNCTION app_private.sign_member(m public.memberships, api_key_id uuid DEFAULT NULL) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
      SELECT app_private.sign_context(ARRAY['member', m.org_id::text, CASE WHEN api_key_id IS NULL THEN m.user_id::text END, m.id::text,
        m.person_scopes::text, m.person_id::text, m.org_id::text, api_key_id::text])
    $$;

    -- Notes that a membership is in use: to the hour, and without waiting for a sibling request.
    CREATE FUNCTION app_private.membership_used(m public.memberships) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF m.last_used_at IS NULL OR m.last_used_at < now() - interval '1 hour' THEN
        UPDATE public.memberships x SET last_used_at = now() WHERE (x.org_id, x.id) IN (
          SELECT y.org_id, y.id FROM public.memberships y WHERE y.org_id = m.org_id AND y.id = m.id FOR NO KEY UPDATE SKIP LOCKED);
      END IF;
    END $$;

    -- A context that reaches no tenant row and may only write to one organization's log.
    CREATE FUNCTION app_private.sign_limited(org uuid) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
      SELECT app_private.sign_context(ARRAY['limited', NULL, NULL, NULL, NULL, NULL, org::text, NULL])
    $$;

    -- Whether an organization takes the word of another's identity provider: of one institution, and agreed.
    CREATE FUNCTION app_private.trusts(o public.organizations, origin uuid) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT o.institution_sign_in AND EXISTS (
        SELECT FROM public.organizations x WHERE x.id = origin AND x.status = 'active' AND x.institution_id = o.institution_id)
    $$;

    -- How long a session may lie idle, and how long it may last; a remembered one as any other where that is not, or no
    -- longer, allowed.
    CREATE FUNCTION app.idle_time(remembered boolean, idle_minutes integer) RETURNS interval LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
      SELECT CASE WHEN remembered THEN interval '7 days' ELSE make_interval(mins => idle_minutes) END;
    END;
    CREATE FUNCTION app_private.whole_time(remembered boolean, session_hours integer) RETURNS interval
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT CASE WHEN remembered THEN interval '7 days' ELSE make_interval(hours => session_hours) END
    $$;

    -- Whether a sign-in of this kind is with us, and not with an identity provider.
    CREATE FUNCTION app.is_local(method text) RETURNS boolean LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
      SELECT method IN ('password', 'passkey');
    END;

    -- Whether a role is the one that leads an organization.
    CREATE FUNCTION app_private.leads(o public.organizations, role_key text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT EXISTS (SELECT FROM public.preset_roles r WHERE r.preset = o.preset AND r.role = role_key AND r.leads)
    $$;

    -- What an organization lacks in the sign-in behind a session: second_factor | sso | method | nothing. trusted: it
    -- was
    -- signed in to here, or where this organization trusts. leads: the session is of whoever leads; with a second
    -- factor they
    -- come in where single sign-on is enforced too, because it may be what is broken. Without a search path of its own,
    -- so that it is inlined.
    CREATE FUNCTION app.sign_in_obstacle(s public.sessions, o public.organizations, trusted boolean, leads boolean) RETURNS text LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT CASE
        WHEN app.is_local(s.method) AND o.require_second_factor
          AND (s.second_factor_at IS NULL OR s.remembered_device AND o.remember_device_days = 0) THEN 'second_factor'
        WHEN app.is_local(s.method) AND o.require_sso AND (s.second_factor_at IS NULL OR s.remembered_device OR NOT leads) THEN 'sso'
        WHEN s.method <> ALL (o.allowed_sign_in) OR NOT app.is_local(s.method) AND NOT trusted THEN 'method' END;
    END;

    -- When the user last proved who they are: by the sign-in, where that asked for all there is to ask, or by stepping
    -- up.
    CREATE FUNCTION app.proved_at(s public.sessions) RETURNS timestamptz LANGUAGE sql STABLE
    BEGIN ATOMIC
      SELECT coalesce(greatest(CASE WHEN NOT (s.remembered_device OR s.suspect) THEN s.signed_in_at END, s.stepped_up_at), to_timestamp(0));
    END;

    -- Whether a session of the entered organization would no longer be let in, as that is set up by now.
    CREATE FUNCTION app.shuts_out(session uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT app.sign_in_obstacle(s, o, s.origin_org_id IS NULL OR app_private.trusts(o, s.origin_org_id), app_private.leads(o, m.role)) IS NOT NULL
        FROM public.sessions s JOIN public.organizations o ON o.id = s.org_id JOIN public.memberships m ON m.org_id = s.org_id AND m.id = s.membership_id
       WHERE s.org_id = app.org_id() AND s.id = session
    $$;

    -- Entrance of a request that carries a session. State is 'ok' or why the session is refused: unknown | expired |
    -- idle | ended | suspended. Only 'ok' signs a context. last_seen_at moves at most twice a minute, and never waits
    -- for a sibling request, and not at all where the request is passive: sent by a program, and no sign that somebody
    -- is
    -- there. read_only then closes the transaction to writes.
    CREATE FUNCTION app.enter_session(secret text, read_only boolean, passive boolean DEFAULT false, OUT state text, OUT session_id uuid, OUT user_id uuid,
      OUT email text, OUT user_name text, OUT org_id uuid, OUT org_name text, OUT preset text, OUT membership_id uuid,
      OUT person_id uuid, OUT role text, OUT portal boolean, OUT grants text, OUT method text, OUT must_change_password boolean,
      OUT obstacle text, OUT proved_at timestamptz, OUT expires_at timestamptz,
      OUT idle_minutes integer, OUT access_grant_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      s public.sessions; m public.memberships; o public.organizations; u public.users;
    BEGIN
      SELECT * INTO s FROM public.sessions x WHERE x.secret_hash = sha256(convert_to(secret, 'UTF8')) AND x.revoked_at IS NULL;
      IF NOT FOUND THEN state := 'unknown'; RETURN; END IF;
      SELECT * INTO m FROM public.memberships x WHERE x.org_id = s.org_id AND x.id = s.membership_id;
      SELECT * INTO o FROM public.organizations x WHERE x.id = s.org_id;
      SELECT * INTO u FROM public.users x WHERE x.id = s.user_id;
      state := CASE
        WHEN s.expires_at <= now() OR s.remembered AND s.signed_in_at + app_private.whole_time(o.remember_me_allowed, o.session_hours) <= now() THEN 'expired'
        WHEN s.last_seen_at + app.idle_time(s.remembered AND o.remember_me_allowed, o.idle_minutes) <= now() THEN 'idle'
        WHEN m.status <> 'active' THEN 'ended'
        WHEN o.status <> 'active' THEN 'suspended'
        ELSE 'ok' END;
      IF state <> 'ok' THEN RETURN; END IF;
      m := app_private.at_present(m);
      session_id := s.id; user_id := u.id; email := u.email; user_name := m.name; org_id := o.id; org_name := o.name;
      preset := o.preset; membership_id := m.id; person_id := m.person_id; role := m.role; portal := m.portal; grants := m.grants::text;
      method := s.method; must_change_password := u.must_change_password AND s.method = 'password';
      obstacle := app.sign_in_obstacle(s, o, s.origin_org_id IS NULL OR app_private.trusts(o, s.origin_org_id), app_private.leads(o, m.role));
      proved_at := app.proved_at(s); expires_at := s.expires_at; idle_minutes := o.idle_minutes; access_grant_id := m.access_grant_id;
      IF NOT passive AND s.last_seen_at < now() - interval '30 seconds' THEN
        UPDATE public.sessions x SET last_seen_at = now() WHERE (x.org_id, x.id) IN (
          SELECT y.org_id, y.id FROM public.sessions y WHERE y.org_id = s.org_id AND y.id = s.id FOR UPDATE SKIP LOCKED);
      END IF;
      IF NOT passive THEN PERFORM app_private.membership_used(m); END IF;
      PERFORM app_private.sign_member(m);
      IF read_only THEN PERFORM set_config('transaction_read_only', 'on', true); END IF;
    END $$;

    -- Opens a session, and says when it ends: the user's row is locked so that parallel sign-ins count each other. Five
    -- at once; the oldest goes.
    CREATE FUNCTION app_private.open_session(m public.memberships, visit app.visit, method text, max_expiry timestamptz) RETURNS timestamptz
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      remembered boolean; ends_at timestamptz;
    BEGIN
      SELECT o.remember_me_allowed AND coalesce(visit.remember, false), least(now() + app_private.whole_time(o.remember_me_allowed AND coalesce(visit.remember, false), o.session_hours), max_expiry)
        INTO remembered, ends_at FROM public.organizations o WHERE o.id = m.org_id;
      PERFORM 1 FROM public.users u WHERE u.id = m.user_id FOR UPDATE;
      UPDATE public.sessions s SET revoked_at = now() WHERE (s.org_id, s.id) IN (
        SELECT x.org_id, x.id FROM public.sessions x
         WHERE x.user_id = m.user_id AND x.revoked_at IS NULL AND x.expires_at > now()
         ORDER BY x.created_at DESC, x.id DESC OFFSET 4);
      INSERT INTO public.sessions (org_id, id, membership_id, user_id, secret_hash, method, expires_at, ip, user_agent, country, latitude, longitude, radius_km, remembered)
      VALUES (m.org_id, visit.id, m.id, m.user_id, visit.secret_hash, open_session.method, ends_at, visit.ip, left(visit.user_agent, 500),
        visit.country, visit.latitude, visit.longitude, visit.radius_km, remembered);
      PERFORM app_private.watch_sign_in(m, visit);
      PERFORM app_private.sign_member(app_private.at_present(m));
      RETURN ends_at;
    END $$;

    -- Whether a session that was just opened lasts for days.
    CREATE FUNCTION app_private.is_remembered(m public.memberships, visit app.visit) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT s.remembered FROM public.sessions s WHERE s.org_id = m.org_id AND s.id = visit.id
    $$;

    -- The membership a sign-in by password or passkey lands in: the one last used, else the oldest, of organizations
    -- that take
    -- it; where single sign-on is enforced only if there is no other.
    CREATE FUNCTION app_private.home_membership(member uuid, method text) RETURNS public.memberships
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT m FROM public.memberships m JOIN public.organizations o ON o.id = m.org_id AND o.status = 'active'
       WHERE m.user_id = member AND m.status = 'active' AND method = ANY (o.allowed_sign_in)
       ORDER BY o.require_sso, (SELECT max(s.created_at) FROM public.sessions s WHERE s.user_id = member AND s.org_id = m.org_id)
         DESC NULLS LAST, m.created_at, m.id LIMIT 1
    $$;

    -- Takes one of five tries for a key, in one statement, before anything is evaluated. Failures and tries under way
    -- count
    -- together, so that tries at the same time cannot be more than five either. State: go | busy (five tries are being
    -- evaluated: ask again) | locked.
    CREATE FUNCTION app_private.take_try(key bytea, OUT state text, OUT retry_seconds integer)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      l app_private.sign_in_locks;
    BEGIN
      INSERT INTO app_private.sign_in_locks AS x (login_key, failures, pending, last_at) VALUES (key, 0, 1, clock_timestamp())
      ON CONFLICT (login_key) DO UPDATE SET last_at = clock_timestamp(), locked_until = NULL,
        (failures, pending) = (SELECT CASE WHEN forgotten THEN 0 ELSE x.failures END, CASE WHEN forgotten THEN 1 ELSE x.pending + 1 END
          FROM (SELECT x.locked_until IS NOT NULL OR x.last_at < clock_timestamp() - interval '15 minutes' AS forgotten) AS old)
      WHERE CASE WHEN x.locked_until IS NOT NULL THEN x.locked_until <= clock_timestamp()
                 ELSE x.failures + x.pending < 5 OR x.last_at < clock_timestamp() - interval '15 minutes' END;
      IF FOUND THEN state := 'go'; RETURN; END IF;
      SELECT * INTO l FROM app_private.sign_in_locks x WHERE x.login_key = key;
      state := CASE WHEN l.locked_until IS NULL AND l.last_at > clock_timestamp() - interval '20 seconds'
                    THEN 'busy' ELSE 'locked' END;
      retry_seconds := ceil(greatest(1, extract(epoch FROM
        coalesce(l.locked_until, l.last_at + interval '15 minutes') - clock_timestamp())));
    END $$;

    -- Gives a try back; false where none was taken, and then nothing may be compared.
    CREATE FUNCTION app_private.return_try(key bytea) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      UPDATE app_private.sign_in_locks l SET pending = l.pending - 1
       WHERE l.login_key = key AND l.pending > 0 AND (l.locked_until IS NULL OR l.locked_until <= clock_timestamp());
      RETURN FOUND;
    END $$;

    -- Counts a failure: refused, or locked by it.
    CREATE FUNCTION app_private.count_failure(key bytea) RETURNS text
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
      UPDATE app_private.sign_in_locks l SET failures = l.failures + 1, locked_until =
             CASE WHEN l.failures >= 4 THEN clock_timestamp() + interval '15 minutes' END
       WHERE l.login_key = key RETURNING CASE WHEN l.locked_until IS NULL THEN 'refused' ELSE 'locked' END
    $$;

    CREATE FUNCTION app_private.forget_failures(key bytea) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
      UPDATE app_private.sign_in_locks l SET failures = 0 WHERE l.login_key = key;
      DELETE FROM app_private.sign_in_locks l WHERE l.login_key = key AND l.pending = 0;
    $$;

    -- First half of a password sign-in: takes a try, and gives the salt; to an unknown address a steady false one.
    CREATE FUNCTION app.begin_sign_in(address text, OUT state text, OUT salt bytea, OUT retry_seconds integer)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      key bytea := sha256(convert_to(address, 'UTF8')); u public.users; false_salt bytea;
    BEGIN
      SELECT t.state, t.retry_seconds INTO state, retry_seconds FROM app_private.take_try(key) t;
      IF state = 'go' THEN
        false_salt := app_private.false_salt(key);
        u := app_private.user_or_neighbour(address);
        SELECT c.salt INTO salt FROM app_private.credentials c WHERE c.user_id = u.id;
        salt := coalesce(CASE WHEN u.email = address THEN salt END, false_salt);
      END IF;
    END $$;

    -- Second half: compares, then either opens a session (state ok), or waits for the second factor (second_factor: the
    -- visit's
    -- secret is that of the sign-in under way), or counts the failure (refused, or locked by it).
    -- mark: what stands for the address in the log where nobody has it, so that the entry is as much work as any.
    -- Nothing is compared unless a try was taken before. Either way the context allows the outcome to be written to the
    -- log of the organization concerned.
    CREATE FUNCTION app.complete_sign_in(address text, evaluated bytea, visit app.visit, OUT state text, OUT user_id uuid, OUT org_id uuid, OUT membership_id uuid, OUT expires_at timestamptz, OUT remembered boolean, OUT mark uuid)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      key bytea := sha256(convert_to(address, 'UTF8'));
      u public.users; m public.memberships; known boolean; right_password boolean;
    BEGIN
      IF NOT app_private.return_try(key) THEN
        state := 'refused'; org_id := '00000000-0000-0000-0000-000000000000';
        PERFORM app_private.sign_limited(org_id);
        RETURN;
      END IF;
      mark := left(encode(sha256(app_private.false_salt(key)), 'hex'), 32)::uuid;
      u := app_private.user_or_neighbour(address);
      right_password := EXISTS (SELECT FROM app_private.credentials c WHERE c.user_id = u.id AND c.verifier = sha256(evaluated));
      m := app_private.home_membership(u.id, 'password');
      known := coalesce(u.email = address, false);
      user_id := CASE WHEN known THEN u.id END;
      right_password := right_password AND known;
      m := CASE WHEN known THEN m END;
      IF right_password AND m.id IS NOT NULL THEN
        org_id := m.org_id; membership_id := m.id;
        expires_at := app_private.hold_for_second_factor(m, key, visit);
        IF expires_at IS NOT NULL THEN
          state := 'second_factor';
          PERFORM app_private.sign_limited(org_id);
          RETURN;
        END IF;
        PERFORM app_private.forget_failures(key);
        expires_at := app_private.open_session(m, visit, 'password', 'infinity');
        PERFORM app_private.recall_device(m, visit);
        remembered := app_private.is_remembered(m, visit);
        state := 'ok';
        RETURN;
      END IF;
      state := app_private.count_failure(key);
      IF state = 'locked' THEN PERFORM app_private.ask_account_mail('locked', address); END IF;
      org_id := coalesce(m.org_id, '00000000-0000-0000-0000-000000000000');
      PERFORM app_private.watch_failure(org_id, user_id, key, visit);
      PERFORM app_private.sign_limited(org_id);
    END $$;

    -- The user with an address, made where there is none yet. Names belong to memberships: what one organization calls
    -- somebody is not told to another. Needs a tenant context: users are made for an organization.
    CREATE FUNCTION app.ensure_user(new_id uuid, address text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF NOT coalesce(app.holds('membership:create'), false) THEN RAISE EXCEPTION 'users are made by who may add members' USING ERRCODE = '42501'; END IF;
      INSERT INTO public.users (id, email) VALUES (new_id, address) ON CONFLICT (email) WHERE home_org_id IS NULL DO NOTHING;
      RETURN (SELECT u.id FROM public.users u WHERE u.email = address AND u.home_org_id IS NULL);
    END $$;

    CREATE FUNCTION app_private.store_password(member uuid, new_salt bytea, new_verifier bytea, keep_session uuid, must_change boolean) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      INSERT INTO app_private.credentials (user_id, salt, verifier) VALUES (member, new_salt, new_verifier)
      ON CONFLICT (user_id) DO UPDATE SET salt = new_salt, verifier = new_verifier, changed_at = now();
      UPDATE public.users SET must_change_password = must_change WHERE id = member;
      UPDATE app_private.account_mails a SET spent_at = now() FROM public.users u
       WHERE u.id = member AND a.login_key = app_private.login_key(u.email) AND a.spent_at IS NULL AND a.kind <> 'locked';
      UPDATE public.sessions SET revoked_at = now() WHERE user_id = member AND revoked_at IS NULL AND id IS DISTINCT FROM keep_session;
    END $$;

    -- Sets a user's password and ends all sessions but the one that asks, and what was mailed to set one. A member may
    -- change their own by proving that they
    -- know it, because it opens other organizations too; the worker's role, on behalf of operators, may set that of any
    -- member of
    -- the organization it entered.
    CREATE FUNCTION app.set_password(member uuid, current bytea, new_salt bytea, new_verifier bytea, keep_session uuid, must_change boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF NOT coalesce(member = app.user_id() AND EXISTS (SELECT FROM app_private.credentials c WHERE c.user_id = member AND c.verifier = sha256(current))
        OR app.is_system() AND EXISTS (
        SELECT FROM public.memberships m WHERE m.org_id = app.org_id() AND m.user_id = member), false) THEN
        RAISE EXCEPTION 'a password is set by its user' USING ERRCODE = '42501';
      END IF;
      PERFORM app_private.store_password(member, new_salt, new_verifier, keep_session, must_change);
    END $$;

    GRANT EXECUTE ON FUNCTION app.enter_session, app.begin_sign_in, app.complete_sign_in, app.ensure_user,
      app.shuts_out, app.set_password, app.idle_time TO vouchsafe_app;
  `;
}
