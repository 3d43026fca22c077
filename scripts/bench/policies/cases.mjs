import { createHash } from 'node:crypto';
import { PeopleRepository } from '../../../dist/src/modules/people/people.repository.js';
import { Context, withContext } from '../../../dist/src/platform/context/context.js';
import { ASSIGNED_PEOPLE, ORGANIZATIONS, OWN_PLACE, assignedPlace, mentorId, orgId, personId } from './data.mjs';

const PAGE = 101; // a hundred, and one more to know whether there are further ones

/** What the repository sends in a session with this scope of person:read: { text, values }. */
function statementOf(org, scope, ask) {
  const context = new Context();
  context.orgId = orgId(org);
  context.member = { grants: new Map([['person:read', scope]]) };
  const sent = [];
  const repository = new PeopleRepository({ sql: async (text, values) => { sent.push({ text, values }); return []; } });
  void withContext(context, () => ask(repository));
  return sent[0];
}

/** The condition that the policies add for a scope, as one would write it by hand; its values come last. */
const WRITTEN = {
  org: () => ['', []],
  assigned: (org, n) => [`AND p.id IN (SELECT a.person_id FROM assignments a WHERE a.org_id = $1 AND a.membership_id = $${n}
    AND a.starts_at <= now() AND (a.ends_at IS NULL OR a.ends_at > now()))`, [mentorId(org)]],
  own: (org, n) => [`AND p.id = $${n}`, [personId(org, OWN_PLACE)]],
};

/** The repository's statement with the condition written out behind its own. */
function written(org, scope, ask) {
  const { text, values } = statementOf(org, 'org', ask);
  const [condition, more] = WRITTEN[scope](org, values.length + 1);
  const at = text.indexOf('ORDER BY');
  return { text: at < 0 ? `${text} ${condition}` : `${text.slice(0, at)}${condition} ${text.slice(at)}`, values: [...values, ...more] };
}

const email = (org, place) => createHash('sha256').update(`m${org - 1 + ORGANIZATIONS * place}`).digest();

/** Role, scope, what is asked, and of which person or from which on: `place` for the i-th time. */
const ASKED = (people) => {
  const places = people / ORGANIZATIONS;
  const anybody = (i) => (i * 7919) % places;
  const assigned = (i) => assignedPlace(1 + (i % ASSIGNED_PEOPLE));
  return [
    ['program_director', 'org', 'first page', () => (r) => r.list({}, null, PAGE)],
    ['program_director', 'org', 'page in the middle', (i, org) => (r) => r.list({}, personId(org, (anybody(i) % Math.floor(places / 2)) + Math.floor(places / 4)), PAGE)],
    ['program_director', 'org', 'by status', () => (r) => r.list({ status: 'inactive' }, null, PAGE)],
    ['program_director', 'org', 'by kind, in the middle', (i, org) => (r) => r.list({ kind: 'clinician' }, personId(org, Math.floor(places / 2)), PAGE)],
    ['program_director', 'org', 'by e-mail address', (i, org) => (r) => r.list({ emailIndex: email(org, anybody(i)) }, null, PAGE)],
    ['program_director', 'org', 'one person', (i, org) => (r) => r.find(personId(org, anybody(i)))],
    ['mentor', 'assigned', 'first page', () => (r) => r.list({}, null, PAGE)],
    ['mentor', 'assigned', 'by status', () => (r) => r.list({ status: 'active' }, null, PAGE)],
    ['mentor', 'assigned', 'by e-mail address', (i, org) => (r) => r.list({ emailIndex: email(org, assigned(i)) }, null, PAGE)],
    ['mentor', 'assigned', 'one person', (i, org) => (r) => r.find(personId(org, assigned(i)))],
    ['mentor', 'assigned', 'a person not assigned', (i, org) => (r) => r.find(personId(org, anybody(i) - (anybody(i) % 20)))],
    ['trainee', 'own', 'first page', () => (r) => r.list({}, null, PAGE)],
    ['trainee', 'own', 'one person', (i, org) => (r) => r.find(personId(org, OWN_PLACE))],
  ];
};

/**
 * What is measured: `role`, `what`, and for the i-th time in an organization the statement under the policies, and the one
 * with their conditions written out.
 */
export function cases(people) {
  return ASKED(people).map(([role, scope, what, ask]) => ({
    role, what,
    underPolicies: (org, i) => statementOf(org, scope, ask(i, org)),
    writtenOut: (org, i) => written(org, scope, ask(i, org)),
  }));
}
