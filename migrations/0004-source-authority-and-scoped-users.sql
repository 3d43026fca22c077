-- A webhook source acts with the permissions of the member who is responsible for it (ADR 31). events: the types that
-- it may send. responsible: the membership; null if the operator is responsible. Sources of earlier versions belong to
-- the operator, until a member takes them over.
ALTER TABLE webhook_sources
  ADD COLUMN events text[] NOT NULL DEFAULT ARRAY['person.created', 'person.updated', 'person.upserted']
    CHECK (cardinality(events) BETWEEN 1 AND 100),
  ADD COLUMN responsible uuid,
  ADD FOREIGN KEY (org_id, responsible) REFERENCES memberships (org_id, id);
ALTER TABLE webhook_sources ALTER COLUMN events DROP DEFAULT;
GRANT INSERT (events), UPDATE (events) ON webhook_sources TO vouchsafe_app;

-- Earlier versions linked an identity of an organization without a verified domain to an account whose owner had never
-- proved the address. The account then blocked the address for every other organization (ADR 32). Such a user becomes
-- scoped to the organization of the identity. The other memberships of the address move to a new user without factors
-- and without sessions.
DO $$
DECLARE
  claim record;
  successor uuid;
BEGIN
  FOR claim IN
    SELECT DISTINCT ON (u.id) u.id, u.email, i.org_id
      FROM public.sso_identities i
      JOIN public.memberships m ON m.org_id = i.org_id AND m.id = i.membership_id
      JOIN public.users u ON u.id = m.user_id AND u.scoped_org_id IS NULL AND u.email_proven_at IS NULL
     WHERE NOT EXISTS (SELECT FROM app_private.credentials c WHERE c.user_id = u.id)
       AND NOT EXISTS (SELECT FROM public.users x WHERE x.scoped_org_id = i.org_id AND x.email = u.email)
       AND NOT EXISTS (SELECT FROM public.sso_domains d JOIN public.sso_identities other ON other.org_id = d.org_id
         JOIN public.memberships o ON o.org_id = other.org_id AND o.id = other.membership_id
        WHERE o.user_id = u.id AND d.domain = split_part(u.email, '@', 2) AND d.verified_at IS NOT NULL)
     ORDER BY u.id, i.org_id
  LOOP
    UPDATE public.users x SET scoped_org_id = claim.org_id WHERE x.id = claim.id;
    CONTINUE WHEN NOT EXISTS (SELECT FROM public.memberships m
      WHERE m.user_id = claim.id AND m.org_id <> claim.org_id);
    successor := gen_random_uuid();
    INSERT INTO public.users (id, email) VALUES (successor, claim.email);
    UPDATE public.sessions s SET user_id = successor, revoked_at = coalesce(s.revoked_at, now())
     WHERE s.user_id = claim.id AND s.org_id <> claim.org_id;
    UPDATE public.memberships m SET user_id = successor WHERE m.user_id = claim.id AND m.org_id <> claim.org_id;
  END LOOP;
END $$;
