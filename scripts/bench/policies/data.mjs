/** People, members and sessions, created in SQL. Ids are derived from numbers, so that no id has to be read back. */

export const ORGANIZATIONS = 100;
const MENTORS = 10;
const ASSIGNED = 40;

/** A role that bypasses row-level security and otherwise equals the application's role. */
export const UNBOUND = 'bench_unbound';

/** Ids in the order of creation. `kind` separates the ids of tables. */
const id = (kind, number) => `('0190${kind}-0000-7000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`;
const ORG = (n) => id('00a0', n);
const PERSON = (n) => id('00b0', n);
const USER = (n) => id('00c0', n);

/** Returns the secret of a member's session, as the token contains it. */
export const secretOf = (org, role) => `${role}-${org}-`.padEnd(43, 'x');

/** Members per organization: one director, mentors, and one trainee with the record of the same number. */
const MEMBERS = `
  SELECT o AS org, m AS member, CASE WHEN m = 0 THEN 'program_director' WHEN m <= ${MENTORS} THEN 'mentor'
    ELSE 'trainee' END AS role
    FROM generate_series(1, ${ORGANIZATIONS}) o, generate_series(0, ${MENTORS + 1}) m`;

/** The rows of all organizations are interleaved, as in an installation in use. */
export const statements = (people) => [
  `SET session_replication_role = replica`,
  `INSERT INTO organizations (id, name, preset) SELECT ${ORG('o')}, 'Organization ' || o, 'gme'
     FROM generate_series(1, ${ORGANIZATIONS}) o`,
  `INSERT INTO people (org_id, id, external_id, kind, given_name, family_name, title, npi, status, email_enc,
     email_index, phone_enc, address_enc,
     date_of_birth_enc, ssn_enc, created_at, updated_at)
   SELECT ${ORG(`1 + n % ${ORGANIZATIONS}`)}, ${PERSON('n')}, 'ext-' || n,
     (ARRAY['trainee', 'trainee', 'clinician', 'provider'])[1 + n / ${ORGANIZATIONS} % 4], 'Synthetic',
     'Number ' || n, 'Year ' || n % 5, lpad(n::text, 10, '0'), CASE WHEN n / ${ORGANIZATIONS} % 10 = 0 THEN 'inactive'
       ELSE 'active' END,
     sha256(n::text::bytea) || '\\x0011223344556677889900112233', sha256(('m' || n)::bytea),
       sha256(('p' || n)::bytea), sha256(('a' || n)::bytea) || sha256(('b' || n)::bytea),
     sha256(('d' || n)::bytea), sha256(('s' || n)::bytea), now(), now()
     FROM generate_series(0, ${people - 1}) n`,
  `INSERT INTO data_keys (org_id, subject_id, purpose, key_version, wrapped)
   SELECT ${ORG(`1 + n % ${ORGANIZATIONS}`)}, ${PERSON('n')}, 'data', 1,
     sha256(('k' || n)::bytea) || sha256(n::text::bytea) FROM generate_series(0, ${people - 1}) n`,
  `SET session_replication_role = DEFAULT`,
  `INSERT INTO users (id, email) SELECT ${USER('org * 100 + member')},
     'member' || org * 100 + member || '@bench.example' FROM (${MEMBERS}) m`,
  `INSERT INTO memberships (org_id, id, user_id, name, role, person_id)
   SELECT ${ORG('org')}, ${USER('org * 100 + member')}, ${USER('org * 100 + member')}, 'Synthetic', role, CASE role
     WHEN 'trainee' THEN ${PERSON(`org - 1 + ${ORGANIZATIONS * 50}`)} END FROM (${MEMBERS}) m`,
  `INSERT INTO assignments (org_id, id, person_id, membership_id, starts_at)
   SELECT ${ORG('org')}, gen_random_uuid(), ${PERSON(`org - 1 + ${ORGANIZATIONS} * (member + a * ${MENTORS * 2})`)},
     ${USER('org * 100 + member')}, now() - interval '1 day'
     FROM (${MEMBERS}) m, generate_series(1, ${ASSIGNED}) a WHERE role = 'mentor'`,
  `INSERT INTO sessions (org_id, id, membership_id, user_id, secret_hash, method, expires_at)
   SELECT ${ORG('org')}, ${USER('org * 100 + member')}, ${USER('org * 100 + member')}, ${USER('org * 100 + member')},
     sha256(convert_to(rpad(role || '-' || org || '-', 43, 'x'), 'UTF8')), 'password', now() + interval '1 day'
     FROM (${MEMBERS}) m WHERE member IN (0, 1, ${MENTORS + 1})`,
  `CREATE ROLE ${UNBOUND} LOGIN BYPASSRLS`,
  `ALTER ROLE ${UNBOUND} SET plan_cache_mode = 'force_generic_plan'`,
  `GRANT vouchsafe_app TO ${UNBOUND}`,
  'VACUUM ANALYZE people, data_keys, assignments, memberships, sessions, users, organizations',
];

/** Ids for the cases: an organization (from 1), a person by position in it, and its first mentor. */
const text = (kind, number) => `0190${kind}-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
export const orgId = (org) => text('00a0', org);
export const personId = (org, place) => text('00b0', org - 1 + ORGANIZATIONS * place);
export const mentorId = (org) => text('00c0', org * 100 + 1);
/** Returns the position of the n-th person of the first mentor, from 1. */
export const assignedPlace = (n) => 1 + n * MENTORS * 2;
export const ASSIGNED_PEOPLE = ASSIGNED;
/** The position of the trainee's own record. */
export const OWN_PLACE = 50;
