/** The cases of the modules, see cases.mjs. */
export const moduleCases = [
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
    control: 'the second person of an access grant',
    file: 'src/modules/access-grants/access-grants.sql',
    edit: (text) => text.replace(/ {2}IF me IN \(g\.membership_id, g\.requested_by\) THEN RETURN 'own'; END IF;\n/, ''),
    tests: 'e2e/access-grants',
    expect: /rejects the recipient and the requester/,
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
    file: 'src/modules/auth/saml/response-verification.ts',
    edit: (text) => text.replace("  ensure(encrypted === undefined, 'assertion_not_single');\n", ''),
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
    edit: (text) => text.replace('isAsserted(sources, source, connection) ?', 'isAsserted !== undefined ?'),
    tests: 'e2e/oidc.spec',
    expect: /rejects an e-mail address that the provider does not mark as verified/,
  },
  {
    control: "the library's own verification of SAML responses",
    file: 'src/modules/auth/saml/message-steps.ts',
    edit: (text) =>
      text.replace('await verifyByLibrary(checked);', 'void verifyByLibrary(checked).catch(() => undefined);'),
    tests: 'saml/library-verification',
    expect: /decides over every response/,
  },
  {
    control: 'the agreement of both SAML verifiers on the person',
    file: 'src/modules/auth/saml/library-verification.ts',
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
    control: 'the lock between parallel changes of factors',
    file: 'src/modules/auth/mfa/enrollment.sql',
    edit: (text) => text.replace(/ {2}PERFORM FROM public\.users u WHERE u\.id = app\.user_id\(\).*\n/, ''),
    tests: 'e2e/races',
    expect: /keeps a factor if the organization requires MFA/,
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
      text.replace(
        'permittedEvents(delivery).has(message.event))',
        "permittedEvents(delivery).has(message.event) && id === '')",
      ),
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
    control: 'the password of a mailed form that is sent twice',
    file: 'src/modules/auth/passwords/passwords.sql',
    edit: (text) => text.replace(' AND c.salt = has_credential.salt AND c.verifier = has_credential.verifier', ''),
    tests: 'mailed-links',
    expect: /stranger who has the used token/,
  },
];
