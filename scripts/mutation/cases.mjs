/**
 * One control per case: the file, the edit that removes the control, and the tests that must fail. `expect` must match
 * the name or the message of a failed test.
 */
export const cases = [
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
    control: '@Access of one route',
    file: 'src/modules/people/people.controller.ts',
    edit: (text) =>
      text.replace("  @Access('person:read')\n  @ResponseType(PersonSummary", '  @ResponseType(PersonSummary'),
    tests: 'e2e/people',
    expect: /PeopleController\.list\) declares no access/,
  },
  {
    control: 'the declared event of one mutation',
    file: 'src/modules/people/people.controller.ts',
    edit: (text) => text.replace(", { emits: ['person.updated'] }", ''),
    tests: 'e2e/people',
    expect: /PeopleController\.update\) is a mutation and declares no event/,
  },
  {
    control: 'the recorded event of one mutation',
    file: 'src/modules/tenancy/organization.service.ts',
    edit: (text) => text.replace(/ {4}this\.record\('organization\.updated',.*\n/, ''),
    tests: 'contract/routes',
    expect: /organization\.updated|TenancyController\.update|organizations\/current/,
  },
  {
    control: 'the HMAC check of webhooks',
    file: 'src/modules/webhooks/standard-webhooks.ts',
    edit: (text) =>
      text.replace(
        'one.length === expected.length && timingSafeEqual(one, expected)',
        'one.length >= 0 && timingSafeEqual(expected, expected)',
      ),
    tests: 'webhooks',
    expect: /signature|tampered|signed/i,
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
    control: 'the end of an event stream with its session',
    file: 'src/modules/realtime/subscription.ts',
    edit: (text) => text.replace('      this.stream.refuse(error.code);\n', ''),
    tests: 'e2e/realtime.spec',
    expect: /session_expired after an idle timeout/,
  },
  {
    control: 'the wait of real-time events for earlier open transactions',
    file: 'src/modules/realtime/realtime.repository.ts',
    edit: (text) => text.replace(' AND l.transaction_id < s.horizon', ''),
    tests: 'e2e/realtime-resume',
    expect: /follows the start of transactions when the first one commits last/,
  },
  {
    control: 'the exemption of event streams from session activity',
    file: 'src/modules/realtime/realtime.controller.ts',
    edit: (text) => text.replace("@Access('signed-in', { background: true })", "@Access('signed-in')"),
    tests: 'e2e/realtime.spec',
    expect: /does not count as activity/,
  },
  {
    control: 'the organization in the ids of real-time events',
    file: 'src/modules/realtime/event-ids.ts',
    edit: (text) =>
      text
        .replace('Buffer.from(orgId))', 'Buffer.from(orgId.slice(0, 0)))')
        .replace('return { orgId, table', 'return { orgId: orgId.slice(0, 0), table'),
    tests: 'e2e/realtime-resume|realtime/event-ids',
    expect: /of another organization is rejected|in its own organization only/,
  },
  {
    control: 'the staff-only restriction of one field',
    file: 'src/modules/people/people.dto.ts',
    edit: (text) => text.replace('@StaffOnly() externalId', '@Expose() externalId'),
    tests: 'contract/portal-shapes',
    expect: /PersonSummary\.externalId: mark it with @StaffOnly/,
  },
  {
    control: 'the snapshot before a change of a person',
    file: 'src/modules/people/people.sql',
    edit: (text) => text.replace(/CREATE TRIGGER snapshot [^;]*;\n/, ''),
    tests: 'e2e/person-history',
    expect: /leaves (a readable|one) snapshot/,
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
    control: 'the second person of an access grant',
    file: 'src/modules/access-grants/access-grants.sql',
    edit: (text) => text.replace(/ {2}IF me IN \(g\.membership_id, g\.requested_by\) THEN RETURN 'own'; END IF;\n/, ''),
    tests: 'e2e/access-grants',
    expect: /rejects the recipient and the requester/,
  },
  {
    control: 'the exclusion of temporary permissions from grants to others',
    file: 'src/platform/policies/giving-rights.sql',
    edit: (text) => text.replace('AND p.access_grant_id IS NOT NULL) THEN', 'AND false) THEN'),
    tests: 'e2e/granting-rights',
    expect: /cannot be granted on by raw SQL/,
  },
  {
    control: 'the single use of a TOTP code',
    file: 'src/modules/auth/mfa/mfa.sql',
    edit: (text) => text.replace(' AND t.last_step < shown.step;', ';'),
    tests: 'e2e/mfa',
    expect: /rejects a used code|accepts one of four concurrent requests/,
  },
  {
    control: 'the proof of decryption that the database requires for a factor',
    file: 'src/modules/auth/mfa/mfa.sql',
    edit: (text) => text.replace(' AND t.proof_hash = sha256(shown.proof)\n', '\n'),
    tests: 'contract/claiming-factors',
    expect: /cannot claim a factor without proof/,
  },
  {
    control: 'the single use of a mailed token',
    file: 'src/modules/auth/account-recovery/account-recovery.sql',
    edit: (text) => text.replace('a.kind = wanted AND a.consumed_at IS NULL\n', 'a.kind = wanted\n'),
    tests: 'e2e/recovery',
    expect: /is set by exactly one of many concurrent requests/,
  },
  {
    control: 'the stricter limits while Redis is unavailable',
    file: 'src/platform/http/rate-limit.ts',
    edit: (text) =>
      text.replace(
        "if (this.redis.status !== 'ready') return this.countHere(limit, key);",
        "if (this.redis.status !== 'ready') return null;",
      ),
    tests: 'http/rate-limit|e2e/sign-in-outages',
    expect: /is still limited by IP/,
  },
  {
    control: 'the end of sessions after a change by a SCIM client',
    file: 'src/modules/auth/scim/provisioning.sql',
    edit: (text) => text.replace(/ {2}PERFORM app_private\.end_sessions\(c\.org_id, ARRAY\([^;]*;\n/, ''),
    tests: 'e2e/scim-leavers',
    expect: /end the sessions each time/,
  },
  {
    control: 'the denial of tenant rows to SCIM clients',
    file: 'src/modules/auth/scim/scim.sql',
    edit: (text) => text.replace("ARRAY['scim', NULL, NULL,", "ARRAY['scim', t.org_id::text, NULL,"),
    tests: 'contract/directory',
    expect: /reads no row of any table/,
  },
  {
    control: 'the secret in the context MAC',
    file: 'src/platform/database/context.sql',
    edit: (text) => text.replace(/int8send\(currval\('app_private\.session_secret_([ab])'\)\)/g, 'int8send(0)'),
    tests: 'contract/forging-secret',
    expect: /is not replaced by the stored sequence values/,
  },
  {
    control: 'the organization check for changes of identity providers',
    file: 'src/modules/auth/sso/connections.sql',
    edit: (text) =>
      text.replace(
        /(UPDATE TO vouchsafe_app\s+)USING \(org_id = (\(SELECT app\.org_if_owner_equivalent\(\)\))\) WITH CHECK .*;/,
        '$1USING ($2 IS NOT NULL) WITH CHECK (true);',
      ),
    tests: 'e2e/granting-rights',
    expect: /cannot connect or change an identity provider with permissions from another organization/,
  },
  {
    control: 'the reaction to impossible travel',
    file: 'src/modules/auth/sessions/sessions.sql',
    edit: (text) => text.replace('(s.remembered_device OR s.flagged_suspicious)', 's.remembered_device'),
    tests: 'e2e/sign-in-alerts',
    expect: /must sign in again before a sensitive change/,
  },
  {
    control: "the organization's setting for remembered sessions, checked at every request",
    file: 'src/modules/auth/sessions/sessions.sql',
    edit: (text) =>
      text.replace('app.idle_timeout(s.remembered AND o.remember_me_allowed,', 'app.idle_timeout(s.remembered,'),
    tests: 'e2e/remember-me',
    expect: /ends from the next request on/,
  },
  {
    control: 'the second check of a SAML response, on the decrypted content',
    file: 'src/modules/auth/saml/saml-responses.ts',
    edit: (text) =>
      text.replace(
        "  ensure(guardResponse(plain, { responseSigned: false }).encrypted === undefined, 'assertion_not_single');\n",
        '',
      ),
    tests: 'saml-hostile',
    expect: /encrypted|inside the encryption/,
  },
  {
    control: 'the signature of SAML logout messages',
    file: 'src/modules/auth/saml/logout-message.ts',
    edit: (text) =>
      text.replace(
        'createVerify(algorithm).update(signed).verify(key, signature)',
        'createVerify(algorithm).update(signed).verify(key, signature) || key.length > 0',
      ),
    tests: 'logout-message',
    expect: /an untrusted key|an unsigned RelayState/,
  },
  {
    control: 'the check of resolved IPs before a connection',
    file: 'src/platform/outbound/outbound-fetch.ts',
    edit: (text) => text.replace(/ {4}if \(!addresses\.every\([^;]*;\n/, ''),
    tests: 'platform/outbound',
    expect: /sends no request to a name that resolves to 169\.254\.169\.254/,
  },
  {
    control: 'the test sign-in after a change of the identity provider',
    file: 'src/modules/auth/sso/connections.sql',
    edit: (text) => text.replace('THEN OLD.tested_at END;', 'THEN OLD.tested_at ELSE OLD.tested_at END;'),
    tests: 'e2e/sso-test-sign-in',
    expect: /is required before SSO enforcement, and again after a change of the connection/,
  },
  {
    control: "the allowed algorithms of an ID token's signature",
    file: 'src/modules/auth/oidc/signed-token.ts',
    edit: (text) =>
      text
        .replace('ALGORITHMS.includes(alg) && announced?.includes(alg) !== false', 'true')
        .replace('{ algorithms: ALGORITHMS }', '{}'),
    tests: 'e2e/oidc-hostile',
    expect: /no signature \(alg none\): algorithm_not_allowed/,
  },
  {
    control: "the provider's claim that an e-mail address is verified",
    file: 'src/modules/auth/oidc/oidc-claims.ts',
    edit: (text) => text.replace("return source['email_verified'] === true ||", 'return true ||'),
    tests: 'e2e/oidc.spec',
    expect: /accepts only e-mail addresses that the provider marks as verified/,
  },
  {
    control: "the library's own verification of SAML responses",
    file: 'src/modules/auth/saml/saml.strategy.ts',
    edit: (text) =>
      text.replace(
        'checkAgreement(await verifyByLibrary(verified), verified);',
        'void verifyByLibrary(verified).then((profile) => checkAgreement(profile, verified)).catch(() => undefined);',
      ),
    tests: 'saml/library-verification',
    expect: /signed by an untrusted key/,
  },
  {
    control: 'the agreement of both SAML verifiers on the person',
    file: 'src/modules/auth/saml/library-error.ts',
    edit: (text) => text.replace(/ {2}ensure\(profile\.nameID.*\n/, ''),
    tests: 'saml/library-verification',
    expect: /about another user/,
  },
  {
    control: 'the rule that an identity provider adds no factor',
    file: 'src/modules/auth/mfa/enrollment.sql',
    edit: (text) =>
      text.replace(
        /CASE WHEN app\.is_local\(s\.method\) THEN app\.authenticated_at\(s\)\s+ELSE coalesce\(.*\) END/,
        'app.authenticated_at(s)',
      ),
    tests: 'e2e/factor-policies',
    expect: /adds no factor, which is valid in other organizations/,
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
    file: 'src/platform/http/refuse-ambiguous.ts',
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
    file: 'src/platform/http/input.ts',
    edit: (text) =>
      text.replace(
        'const [name, given] of Object.entries(value)) {',
        'const [name, given] of Object.entries(structuredClone(value) as object)) {',
      ),
    tests: 'http/input',
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
    control: 'the lock between parallel changes of factors',
    file: 'src/modules/auth/mfa/enrollment.sql',
    edit: (text) => text.replace(/ {2}PERFORM FROM public\.users u WHERE u\.id = app\.user_id\(\).*\n/, ''),
    tests: 'e2e/races',
    expect: /keeps a factor if the organization requires MFA/,
  },
  {
    control: 'the fair share of database connections',
    file: 'src/platform/concurrency/fair-queue.ts',
    edit: (text) => text.replace('held + 1 <= 2 * (this.free - 1)', 'this.free > 0'),
    tests: 'concurrency/fair-queue',
    expect: /so that another key gets one at once/,
  },
  {
    control: 'the permissions of the member who is responsible for a webhook source',
    file: 'src/modules/webhooks/source-events.ts',
    edit: (text) => text.replace("grants[permission] === 'org'", "grants[permission] !== 'nothing'"),
    tests: 'webhook-authority',
    expect: /may write people|loses them/,
  },
  {
    control: 'the check of these permissions before a delivery takes effect',
    file: 'src/modules/webhooks/webhooks.jobs.ts',
    edit: (text) =>
      text.replace('permittedEvents(delivery).has(type))', "permittedEvents(delivery).has(type) && id === '')"),
    tests: 'webhook-authority',
    expect: /stored before the loss/,
  },
  {
    control: 'the responsible member after a new webhook secret',
    file: 'src/modules/webhooks/webhooks.sql',
    edit: (text) => text.replace(/CREATE TRIGGER webhook_secret_responsible[^;]*;/, ''),
    tests: 'webhook-authority',
    expect: /raw SQL/,
  },
  {
    control: 'the separation of a member from an account that its owner never used',
    file: 'src/modules/auth/sso/sso.sql',
    edit: (text) => text.replace('app_private.scope_member(org, u, new_user) END', 'u.id END'),
    tests: 'sso-addresses',
    expect: /belongs to its owner|memberships of other organizations/,
  },
  {
    control: 'the rule that a route with a step-up accepts no API key',
    file: 'src/platform/access/decorators.ts',
    edit: (text) => text.replace(' || options.stepUpMinutes !== undefined', ''),
    tests: 'e2e/step-up',
    expect: /API key/,
  },
  {
    control: 'the password of a mailed form that is sent twice',
    file: 'src/modules/auth/passwords/passwords.sql',
    edit: (text) => text.replace(' AND c.salt = has_credential.salt AND c.verifier = has_credential.verifier', ''),
    tests: 'mailed-links',
    expect: /stranger who has the used token/,
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
