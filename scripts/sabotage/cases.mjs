/**
 * One control each: the file it lives in, the edit that takes it away, and the tests that must notice. `expect` is
 * what the message has to name.
 */
export const cases = [
  {
    control: 'FORCE row security of one table',
    file: 'migrations/0006-people.ts',
    edit: (text) => text.replace("protect_table('assignments', 'SELECT, INSERT, UPDATE', true);", '$& ALTER TABLE assignments NO FORCE ROW LEVEL SECURITY;'),
    tests: 'contract/catalogue',
    expect: /assignments/,
  },
  {
    control: '@Access of one route',
    file: 'src/modules/people/people.controller.ts',
    edit: (text) => text.replace("  @Access('person:read')\n  @Returns(PersonSummary", '  @Returns(PersonSummary'),
    tests: 'e2e/people',
    expect: /PeopleController\.list\) declares no access/,
  },
  {
    control: 'the event of one mutation, as declared',
    file: 'src/modules/people/people.controller.ts',
    edit: (text) => text.replace(", { emits: ['person.updated'] }", ''),
    tests: 'e2e/people',
    expect: /PeopleController\.update\) changes something and declares no event/,
  },
  {
    control: 'the event of one mutation, as recorded',
    file: 'src/modules/tenancy/organization.service.ts',
    edit: (text) => text.replace(/ {4}this\.record\('organization\.updated',.*\n/, ''),
    tests: 'contract/routes',
    expect: /organization\.updated|TenancyController\.update|organizations\/current/,
  },
  {
    control: 'the HMAC check of webhooks',
    file: 'src/modules/webhooks/standard-webhooks.ts',
    edit: (text) => text.replace('one.length === expected.length && timingSafeEqual(one, expected)', 'one.length >= 0 && timingSafeEqual(expected, expected)'),
    tests: 'webhooks',
    expect: /signature|tampered|signed/i,
  },
  {
    control: 'the append-only trigger of the log',
    file: 'migrations/0004-audit.ts',
    edit: (text) => text.replace("    SELECT app_private.protect_log('audit_events'), app_private.protect_log('audit_private');", '$&\n    DROP TRIGGER append_only ON audit_events; DROP TRIGGER append_only_statement ON audit_events;'),
    tests: 'audit-append-only|contract/catalogue',
    expect: /audit_events/,
  },
  {
    control: 'the rights asked again when live events are delivered',
    file: 'src/platform/database/row-policies.ts',
    edit: (text) => text.replace(/return `CASE \$\{permission\}[^`]*`;/, "return cases.length > 0 ? 'true' : 'false';"),
    tests: 'e2e/live.spec',
    expect: /the very next event is not heard/,
  },
  {
    control: 'the standing of the session asked again when live events are delivered',
    file: 'src/platform/access/access.guard.ts',
    edit: (text) => text.replace('this.again = [session, secondFactor, enforcedSso, method, permission]', 'this.again = [session]'),
    tests: 'e2e/live.spec',
    expect: /sso_required|second_factor_required/,
  },
  {
    control: 'the end of a stream of live events with its session',
    file: 'src/modules/live/listener.ts',
    edit: (text) => text.replace('      this.stream.refuse(error.code);\n', ''),
    tests: 'e2e/live.spec',
    expect: /session_expired after the session falling idle/,
  },
  {
    control: 'the wait of live events for transactions that began before',
    file: 'src/modules/live/live.repository.ts',
    edit: (text) => text.replace(' AND l.transaction_id < s.horizon', ''),
    tests: 'e2e/live-resume',
    expect: /is kept where a transaction that began first commits last/,
  },
  {
    control: 'listening to live events being no activity',
    file: 'src/modules/live/live.controller.ts',
    edit: (text) => text.replace("@Access('signed-in', { passive: true })", "@Access('signed-in')"),
    tests: 'e2e/live.spec',
    expect: /is no activity/,
  },
  {
    control: 'the organization in the ids of live events',
    file: 'src/modules/live/event-ids.ts',
    edit: (text) => text.replace('Buffer.from(orgId))', 'Buffer.alloc(0))').replace('return { orgId, table', "return { orgId: 'any', table"),
    tests: 'e2e/live-resume|live/event-ids',
    expect: /of another organization is refused|in the organization it was given to alone/,
  },
  {
    control: 'what of one field is for staff alone',
    file: 'src/modules/people/people.dto.ts',
    edit: (text) => text.replace('@StaffOnly() externalId', '@Expose() externalId'),
    tests: 'contract/portal-shapes',
    expect: /PersonSummary\.externalId: mark it with @StaffOnly/,
  },
  {
    control: 'the snapshot before a change of a person',
    file: 'migrations/0013-person-history.ts',
    edit: (text) => text.replace(/ {4}CREATE TRIGGER snapshot .*\n/, ''),
    tests: 'e2e/person-history',
    expect: /leaves a snapshot/,
  },
];
