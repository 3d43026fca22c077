import { createHash } from 'node:crypto';
import { PeopleRepository } from '../../../dist/src/modules/people/people.repository.js';
import { Context, withContext } from '../../../dist/src/platform/context/context.js';
import { ASSIGNED_PEOPLE, ORGANIZATIONS, OWN_PLACE, assignedPlace, mentorId, orgId, personId } from './data.mjs';

const PAGE = 101; // a hundred, and one more to detect a next page

/** Returns the repository's statement in a session with this scope of person:read: { text, values }. */
function statementOf(org, scope, ask) {
  const member = { personId: personId(org, OWN_PLACE), grants: new Map([['person:read', scope]]) };
  const context = new Context({ orgId: orgId(org), member });
  const sent = [];
  const repository = new PeopleRepository({
    sql: async (text, values) => {
      sent.push({ text, values });
      return [];
    },
  });
  void withContext(context, () => ask(repository));
  return sent[0];
}

const PROVEN = 'AND p.org_id = (SELECT app.org_id())';
const IN_REACH = `AND (p.org_id, p.id) IN (SELECT r.org, r.person FROM app.people_in_scope('person:read') r)`;

/**
 * The conditions of the policies, written by hand: "proven" with the same database checks, "bare" with values that the
 * application supplies.
 */
const WRITTEN = {
  proven: {
    org: () => [`${PROVEN} AND p.org_id = (SELECT app.org_if_unscoped('person:read'))`, []],
    assigned: () => [`${PROVEN} ${IN_REACH} AND p.id = ANY ((SELECT app.assigned_people())::uuid[])`, []],
    own: () => [`${PROVEN} ${IN_REACH} AND p.id = (SELECT app.own_person_id())`, []],
  },
  bare: {
    org: () => ['', []],
    assigned: (org, n) => [
      `AND p.id IN (SELECT a.person_id FROM assignments a WHERE a.org_id = $1 AND a.membership_id = $${n}
      AND a.starts_at <= now() AND (a.ends_at IS NULL OR a.ends_at > now()))`,
      [mentorId(org)],
    ],
    own: (org, n) => [`AND p.id = $${n}`, [personId(org, OWN_PLACE)]],
  },
};

/** Returns the repository's statement with the condition added to its own. */
function written(variant, org, scope, ask) {
  const { text, values } = statementOf(org, 'org', ask);
  const [condition, more] = WRITTEN[variant][scope](org, values.length + 1);
  const at = text.indexOf('ORDER BY');
  const whole = at < 0 ? `${text} ${condition}` : `${text.slice(0, at)}${condition} ${text.slice(at)}`;
  const keys = variant === 'proven' ? 'd.org_id = (SELECT app.org_id()) AND ' : '';
  return { text: whole.replace('ON d.org_id', `ON ${keys}d.org_id`), values: [...values, ...more] };
}

const email = (org, place) =>
  createHash('sha256')
    .update(`m${org - 1 + ORGANIZATIONS * place}`)
    .digest();

/** Role, scope, name of the query, and the query for the i-th run in an organization. */
const ASKED = (people) => {
  const places = people / ORGANIZATIONS;
  const anyPlace = (i) => (i * 7919) % places;
  const assigned = (i) => assignedPlace(1 + (i % ASSIGNED_PEOPLE));
  return [
    ['program_director', 'org', 'first page', () => (r) => r.list({}, null, PAGE)],
    [
      'program_director',
      'org',
      'page in the middle',
      (i, org) => (r) =>
        r.list({}, personId(org, (anyPlace(i) % Math.floor(places / 2)) + Math.floor(places / 4)), PAGE),
    ],
    ['program_director', 'org', 'by status', () => (r) => r.list({ status: 'inactive' }, null, PAGE)],
    [
      'program_director',
      'org',
      'by kind, in the middle',
      (i, org) => (r) => r.list({ kind: 'clinician' }, personId(org, Math.floor(places / 2)), PAGE),
    ],
    [
      'program_director',
      'org',
      'by e-mail address',
      (i, org) => (r) => r.list({ emailIndex: email(org, anyPlace(i)) }, null, PAGE),
    ],
    ['program_director', 'org', 'one person', (i, org) => (r) => r.find(personId(org, anyPlace(i)))],
    ['mentor', 'assigned', 'first page', () => (r) => r.list({}, null, PAGE)],
    ['mentor', 'assigned', 'by status', () => (r) => r.list({ status: 'active' }, null, PAGE)],
    [
      'mentor',
      'assigned',
      'by e-mail address',
      (i, org) => (r) => r.list({ emailIndex: email(org, assigned(i)) }, null, PAGE),
    ],
    ['mentor', 'assigned', 'one person', (i, org) => (r) => r.find(personId(org, assigned(i)))],
    [
      'mentor',
      'assigned',
      'a person not assigned',
      (i, org) => (r) => r.find(personId(org, anyPlace(i) - (anyPlace(i) % 20))),
    ],
    ['trainee', 'own', 'first page', () => (r) => r.list({}, null, PAGE)],
    ['trainee', 'own', 'one person', (i, org) => (r) => r.find(personId(org, OWN_PLACE))],
  ];
};

/** Returns what is measured: `role`, `what`, and the statement of each variant for the i-th run in an organization. */
export function cases(people) {
  return ASKED(people).map(([role, scope, what, ask]) => ({
    role,
    what,
    policies: (org, i) => statementOf(org, scope, ask(i, org)),
    proven: (org, i) => written('proven', org, scope, ask(i, org)),
    bare: (org, i) => written('bare', org, scope, ask(i, org)),
  }));
}
