/** The cases of the platform and the migrations, see cases.mjs. */
export const platformCases = [
  {
    control: 'forced row-level security of one table',
    file: 'migrations/0001-baseline.sql',
    edit: (text) =>
      text.replace(
        "protect_table('assignments', 'SELECT, INSERT, UPDATE (ends_at)', true);",
        '$& ALTER TABLE assignments NO FORCE ROW LEVEL SECURITY;',
      ),
    tests: 'contract/catalog',
    expect: /assignments/,
  },
  {
    control: 'the append-only trigger of the audit log',
    file: 'src/platform/audit/audit.sql',
    edit: (text) =>
      text.replace(
        "SELECT app_private.protect_log('audit_events'), app_private.protect_log('audit_private');",
        '$&\nDROP TRIGGER append_only ON audit_events; DROP TRIGGER append_only_statement ON audit_events;',
      ),
    tests: 'audit-append-only|contract/catalog',
    expect: /audit_events/,
  },
  {
    control: 'the order of permission levels',
    file: 'src/platform/policies/policies.sql',
    edit: (text) =>
      text.replace("SELECT o.permission, 1 AS level, 'member'", "SELECT o.permission, 4 AS level, 'member'"),
    tests: 'contract/decisions',
    expect: /the file says/,
  },
  {
    control: 'the permission check at each delivery of real-time events',
    file: 'src/platform/policies/row-policies.ts',
    edit: (text) => text.replace(/return `CASE \$\{permission\}[^`]*`;/, "return cases.length > 0 ? 'true' : 'false';"),
    tests: 'e2e/realtime.spec',
    expect: /the next event is not delivered/,
  },
  {
    control: 'the session check at each delivery of real-time events',
    file: 'src/platform/access/access.guard.ts',
    edit: (text) =>
      text.replace('this.again = [session, secondFactor, enforcedSso, method, permission]', 'this.again = [session]'),
    tests: 'e2e/realtime.spec',
    expect: /sso_required|mfa_enrollment_required/,
  },
  {
    control: 'the organization in row decisions',
    file: 'src/platform/policies/row-policies.ts',
    edit: (text) =>
      text
        .replace('`${org} = (SELECT app.org_if_permitted(', '`(SELECT app.has_permission(')
        .replace(
          'CASE WHEN ${org} = (SELECT app.org_if_unscoped(${literals(about)}))',
          'CASE WHEN (SELECT app.org_if_unscoped(${literals(about)})) IS NOT NULL',
        ),
    tests: 'e2e/granting-rights',
    expect: /only with the permissions that the caller holds there/,
  },
  {
    control: 'the exclusion of temporary permissions from grants to others',
    file: 'src/platform/policies/giving-rights.sql',
    edit: (text) => text.replace('AND p.access_grant_id IS NOT NULL) THEN', 'AND false) THEN'),
    tests: 'e2e/granting-rights',
    expect: /cannot be granted on by raw SQL/,
  },
  {
    control: 'the stricter limits while Redis is unavailable',
    file: 'src/platform/http/rate-limit.ts',
    edit: (text) =>
      text.replace(
        'if (counted === undefined) return this.countHere(limit, key);',
        'if (counted === undefined) return { giveBack: async () => undefined };',
      ),
    tests: 'http/rate-limit|e2e/sign-in-outages',
    expect: /is still limited by IP/,
  },
  {
    control: 'the MAC of the device cookie',
    file: 'src/platform/http/device-cookie.ts',
    edit: (text) => text.replace(/constantTimeEqual\(mac, short\(.*, MAC_BYTES\)\)/, 'constantTimeEqual(mac, mac)'),
    tests: 'e2e/one-address',
    expect: /cannot make a browser known/,
  },
  {
    control: 'the limit of failures for each network',
    file: 'src/platform/access/checks/rate-limit.check.ts',
    edit: (text) => text.replace('      throw error;', '      return [];'),
    tests: 'access/checks/rate-limit',
    expect: /counts every failure of a network/,
  },
  {
    control: 'the secret in the context MAC',
    file: 'src/platform/database/context.sql',
    edit: (text) => text.replace(/int8send\(currval\('app_private\.session_secret_([ab])'\)\)/g, 'int8send(0)'),
    tests: 'contract/forging-secret',
    expect: /is not replaced by the stored sequence values/,
  },
  {
    control: 'the check of resolved IPs before a connection',
    file: 'src/platform/outbound/outbound-fetch.ts',
    edit: (text) => text.replace(/ {4}if \(!addresses\.every\([^;]*;\n/, ''),
    tests: 'platform/outbound',
    expect: /sends no request to a name that resolves to 169\.254\.169\.254/,
  },
  {
    control: 'the trust in named proxies only',
    file: 'src/platform/http/client-ip.ts',
    edit: (text) => text.replace('trust(ip, hop); hop', '(trust(ip, hop) || true); hop'),
    tests: 'http/client-ip',
    expect: /is the peer when no proxy is trusted/,
  },
  {
    control: 'the rejection of an IP that cannot be read',
    file: 'src/platform/http/client-ip.ts',
    edit: (text) =>
      text
        .replace('if (ip === null) throw', "if (ip === '') throw")
        .replace('  return ip;\n}\n', "  return ip ?? '';\n}\n"),
    tests: 'http/client-ip',
    expect: /rejects the request when a trusted proxy reports a word/,
  },
  {
    control: 'case-sensitive routes',
    file: 'src/platform/http/create-app.ts',
    edit: (text) => text.replace("  app.enable('case sensitive routing');\n", ''),
    tests: 'http/app.spec',
    expect: /finds no route in another case/,
  },
  {
    control: 'the rejection of repeated headers',
    file: 'src/platform/http/reject-ambiguous.ts',
    edit: (text) => text.replace('if (seen.has(name)) {', 'if (seen.has(name) && seen.size > 9) {'),
    tests: 'http/app.spec',
    expect: /is rejected with a repeated header/,
  },
  {
    control: 'the origin of public mutations',
    file: 'src/platform/access/access.guard.ts',
    edit: (text) => text.replace('this.publicChecks = [sameOrigin];', 'this.publicChecks = [];'),
    tests: 'contract/csrf',
    expect: /rejects a cross-site request before sign-in/,
  },
  {
    control: 'access before a body is parsed',
    file: 'src/platform/access/access.guard.ts',
    edit: (text) =>
      text.replace(
        '    await runChecks(this.routeChecks, attempt);\n',
        '    await runChecks(this.routeChecks, attempt);\n    await this.parse(attempt);\n',
      ),
    tests: 'contract/bodies',
    expect: /is never parsed for a route/,
  },
  {
    control: 'the small bodies of public routes',
    file: 'src/platform/access/decorators.ts',
    edit: (text) => text.replace('body: PUBLIC_BODY,', 'body: { ...PUBLIC_BODY, maxBytes: undefined },'),
    tests: 'contract/bodies',
    expect: /only up to a few kilobytes/,
  },
  {
    control: 'the bounds of JSON before it is parsed',
    file: 'src/platform/http/json-bounds.ts',
    edit: (text) => text.replace('if (values > maxValues)', 'if (values > maxValues && depth > 99)'),
    tests: 'http/app.spec',
    expect: /limits the body of any route by its values/,
  },
  {
    control: 'the rejection of unknown fields before their values are read',
    file: 'src/platform/input/input.ts',
    edit: (text) => text.replace('of Object.keys(given))', 'of Object.keys(structuredClone(given)))'),
    tests: 'platform/input',
    expect: /rejects an unknown field without looking at its value/,
  },
  {
    control: 'the read-only context at every isolation level but READ COMMITTED',
    file: 'src/platform/database/context.sql',
    edit: (text) => text.replace("<> 'read committed'", "= 'none'"),
    tests: 'e2e/races',
    expect: /keeps an owner when two owners demote themselves/,
  },
  {
    control: 'the fair share of database connections',
    file: 'src/platform/concurrency/fair-queue.ts',
    edit: (text) => text.replace('held + 1 <= 2 * (this.free - 1)', 'this.free > 0'),
    tests: 'concurrency/fair-queue',
    expect: /so that another key gets one at once/,
  },
  {
    control: 'the rule that a route with a step-up accepts no API key',
    file: 'src/platform/access/decorators.ts',
    edit: (text) => text.replace(' || options.stepUpMinutes !== undefined', ''),
    tests: 'e2e/step-up',
    expect: /API key/,
  },
  {
    control: 'the origin of the form whose token is kept',
    file: 'src/platform/pages/kept-token.ts',
    edit: (text) => text.replace('isOwnForm(request, this.app)', '(isOwnForm(request, this.app) || token)'),
    tests: 'mailed-links',
    expect: /never from a form of another site/,
  },
  {
    control: 'the reference of a custom role in audit events',
    file: 'src/platform/audit/role-reference.ts',
    edit: (text) => text.replace('key === SUPPORT_ROLE', 'key !== SUPPORT_ROLE'),
    tests: 'platform/audit/audit-log',
    expect: /custom role by a UUID/,
  },
];
