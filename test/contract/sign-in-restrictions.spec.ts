import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { ErrorCode } from '../../src/platform/feature/registry.js';
import { declared } from '../../src/platform/feature/registry.js';
import { allRoutes, type Route } from '../../src/platform/boot/routes.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { guardedOf, keyOf, sampleFor, send } from './requests.js';
import type { Sample } from './samples.js';
import { fingerprint, makeTenant, providerMetadata, type Tenant } from './fixtures.js';

/**
 * A state of a member with every permission that restricts access. `rejection` returns the error code of a route,
 * or null if the route is allowed.
 */
interface Restriction {
  rejection: (route: Route) => ErrorCode | null;
  /** SQL about the director ($1 organization, $2 membership, $3 user) that starts and ends the restriction. */
  begin: string;
  end: string;
}

const always = (code: ErrorCode) => (): ErrorCode => code;
const unlessSetup =
  (code: ErrorCode) =>
  ({ policy }: Route) =>
    policy?.allowIncompleteSetup ? null : code;

const OF_ORG = 'WHERE id = $1 AND $2::uuid IS NOT NULL AND $3::uuid IS NOT NULL';
const OF_MEMBER = 'WHERE org_id = $1 AND id = $2 AND $3::uuid IS NOT NULL';
const OF_USER = 'WHERE $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL AND id = $3';
const OF_SESSIONS = 'WHERE org_id = $1 AND membership_id = $2 AND user_id = $3';

const RESTRICTIONS: Record<string, Restriction> = {
  'a suspended organization': {
    rejection: always('organization_suspended'),
    begin: `UPDATE organizations SET status = 'suspended' ${OF_ORG}`,
    end: `UPDATE organizations SET status = 'active' ${OF_ORG}`,
  },
  'an ended membership': {
    rejection: always('membership_ended'),
    begin: `UPDATE memberships SET status = 'ended' ${OF_MEMBER}`,
    end: `UPDATE memberships SET status = 'active' ${OF_MEMBER}`,
  },
  'a password that must be changed': {
    rejection: ({ mutating, policy }) =>
      mutating && !policy?.allowIncompleteSetup ? 'password_change_required' : null,
    begin: `UPDATE users SET must_change_password = true ${OF_USER}`,
    end: `UPDATE users SET must_change_password = false ${OF_USER}`,
  },
  'a missing second factor': {
    rejection: ({ policy }) =>
      policy?.allowIncompleteSetup || policy?.allowWithoutMfa ? null : 'mfa_enrollment_required',
    begin: `UPDATE organizations SET require_mfa = true ${OF_ORG}`,
    end: `UPDATE organizations SET require_mfa = false ${OF_ORG}`,
  },
  'single sign-on that was not used': {
    rejection: unlessSetup('sso_required'),
    begin: `UPDATE organizations SET require_sso = true ${OF_ORG}`,
    end: `UPDATE organizations SET require_sso = false ${OF_ORG}`,
  },
  'a sign-in method that is no longer allowed': {
    rejection: unlessSetup('sign_in_method_not_allowed'),
    begin: `UPDATE organizations SET allowed_sign_in = '{saml}' ${OF_ORG}`,
    end: `UPDATE organizations SET allowed_sign_in = '{password,saml}' ${OF_ORG}`,
  },
  'an expired session': {
    rejection: always('session_expired'),
    begin: `UPDATE sessions SET expires_at = expires_at - interval '30 days' ${OF_SESSIONS}`,
    end: `UPDATE sessions SET expires_at = expires_at + interval '30 days' ${OF_SESSIONS}`,
  },
  'an idle session': {
    rejection: always('session_expired'),
    begin: `UPDATE sessions SET last_seen_at = last_seen_at - interval '30 days' ${OF_SESSIONS}`,
    end: `UPDATE sessions SET last_seen_at = last_seen_at + interval '30 days' ${OF_SESSIONS}`,
  },
  'a revoked session': {
    rejection: always('unauthenticated'),
    begin: `UPDATE sessions SET revoked_at = now() ${OF_SESSIONS}`,
    end: `UPDATE sessions SET revoked_at = NULL ${OF_SESSIONS}`,
  },
};

/** Rejections with a known member. The organization's audit log has them with their reason. */
const RECORDED_CODES = new Set<string>([
  'forbidden',
  'step_up_required',
  'password_change_required',
  'mfa_enrollment_required',
  'sso_required',
  'sign_in_method_not_allowed',
]);
/** Every error code of the guard. */
const REJECTION_CODES = new Set<string>([
  ...RECORDED_CODES,
  'unauthenticated',
  'session_expired',
  'membership_ended',
  'organization_suspended',
]);
/** This GET request signs the user out: test/e2e/oidc-logout.spec.ts. */
const LOGOUT_BY_GET = new Set(['GET /v1/sso/oidc/:connectionId/logout']);
/**
 * Tables that a read can change: the audit log, real-time events, the last activity of a session, and the
 * single-use link of an export.
 */
const CHANGED_BY_READS = new Set(['audit_events', 'audit_private', 'realtime_events', 'sessions', 'exports']);
const TABLES = [...declared('tables')]
  .filter(([name, { kind }]) => kind === 'tenant' && !CHANGED_BY_READS.has(name))
  .map(([name]) => name);

let harness: Harness;
let mine: Tenant;
let routes: Route[];
let samples: Map<Route, Sample>;
/**
 * A session of the director for each mutating route with `allowIncompleteSetup`, because the route can end the
 * session.
 */
let spareSessions: Map<Route, Client>;
let cells = 0;

beforeAll(async () => {
  harness = await Harness.start();
  mine = await makeTenant(harness, await providerMetadata());
  routes = guardedOf(allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner)));
});
beforeEach(async () => {
  mine = { ...mine, director: await harness.signIn(mine.directorMember.email) };
  spareSessions = new Map();
  for (const route of routes.filter(({ mutating, policy }) => mutating && policy?.allowIncompleteSetup))
    spareSessions.set(route, await harness.signIn(mine.directorMember.email));
  // Allow more than five sessions at once, for this test only.
  await harness.database.superuser(
    `UPDATE sessions SET revoked_at = NULL WHERE membership_id = $1 AND created_at > now() - interval '1 minute'`,
    [mine.directorMember.membershipId],
  );
  samples = new Map();
  for (const route of routes) samples.set(route, await sampleFor(route, mine));
});
afterAll(async () => {
  await harness.stop();
  process.stdout.write(
    `restrictions: ${cells} cells, ${routes.length} routes × ${Object.keys(RESTRICTIONS).length + 3} restrictions\n`,
  );
});

async function withRestriction(restriction: Restriction, fn: () => Promise<string[]>): Promise<string[]> {
  const { orgId, membershipId, userId } = mine.directorMember;
  await harness.database.superuser(restriction.begin, [orgId, membershipId, userId]);
  try {
    return await fn();
  } finally {
    await harness.database.superuser(restriction.end, [orgId, membershipId, userId]);
  }
}

/** Returns whether the response is a problem with this code and its declared status. */
function isRejection(code: ErrorCode, { status, body, headers }: Answer): boolean {
  cells += 1;
  return (
    status === declared('errors').get(code)!.status &&
    body.code === code &&
    headers.get('content-type') === 'application/problem+json'
  );
}

const mismatch = (route: Route, expected: string, { status, text }: Answer) =>
  `${keyOf(route)}: expected ${expected}, received ${status} ${text.slice(0, 160)}`;

/** Checks that the organization's audit log has the rejection with its reason. */
async function checkRecorded(route: Route, code: string, answer: Answer): Promise<string[]> {
  const rows = await harness.database.superuser(
    `SELECT FROM audit_events WHERE org_id = $1 AND request_id = $2 AND type = 'access.denied' AND outcome = 'denied'
       AND meta ->> 'reason' = $3`,
    [mine.ids.org, answer.headers.get('x-request-id'), code],
  );
  cells += 1;
  return rows.length === 1 ? [] : [`${keyOf(route)}: ${rows.length} denials for ${code} in the audit log`];
}

/** Checks that the route is allowed: a read succeeds, and a mutation reaches its own validation. */
async function checkPasses(route: Route): Promise<string[]> {
  if (LOGOUT_BY_GET.has(keyOf(route))) return [];
  const answer = route.mutating
    ? await send(spareSessions.get(route) ?? mine.director, route, { ...samples.get(route)!, body: {} })
    : await send(mine.director, route, await sampleFor(route, mine));
  cells += 1;
  const passed = route.mutating ? !REJECTION_CODES.has(String(answer.body?.code)) : answer.status < 300;
  return passed ? [] : [mismatch(route, 'success', answer)];
}

async function checkRejected(route: Route, code: ErrorCode, client: Client = mine.director): Promise<string[]> {
  const answer = await send(client, route, samples.get(route)!);
  return isRejection(code, answer)
    ? RECORDED_CODES.has(code)
      ? checkRecorded(route, code, answer)
      : []
    : [mismatch(route, code, answer)];
}

async function collect(things: readonly Route[], check: (route: Route) => Promise<string[]>): Promise<string[]> {
  const found: string[] = [];
  for (const thing of things) found.push(...(await check(thing)));
  return found;
}

describe('every route, for a member with every permission and', () => {
  it.each(Object.entries(RESTRICTIONS))('%s: follows its policy and changes nothing', async (_what, restriction) => {
    expect(
      await withRestriction(restriction, async () => {
        const before = await fingerprint(harness, mine.ids.org, TABLES);
        const found = await collect(routes, async (route) => {
          const code = restriction.rejection(route);
          return code === null ? checkPasses(route) : checkRejected(route, code);
        });
        expect(await fingerprint(harness, mine.ids.org, TABLES)).toEqual(before);
        return found;
      }),
    ).toEqual([]);
  });

  it('an old sign-in, on routes that require a recent one: step_up_required', async () => {
    const fresh = routes.filter(({ policy }) => policy?.stepUpMinutes !== undefined);
    const age = (sign: '+' | '-') =>
      `UPDATE sessions SET signed_in_at = signed_in_at ${sign} interval '1 day' ${OF_SESSIONS}`;
    expect(
      await withRestriction({ rejection: always('step_up_required'), begin: age('-'), end: age('+') }, () =>
        collect(fresh, (route) => checkRejected(route, 'step_up_required')),
      ),
    ).toEqual([]);
  });
});

describe('every route', () => {
  it('with a permission rejects a member without permissions: forbidden', async () => {
    const asking = routes.filter(({ policy }) => policy?.kind === 'access' && policy.permission !== 'signed-in');
    expect(await collect(asking, (route) => checkRejected(route, 'forbidden', mine.powerless))).toEqual([]);
  });

  it('rejects a caller without a session: unauthenticated', async () => {
    expect(await collect(routes, (route) => checkRejected(route, 'unauthenticated', harness.client()))).toEqual([]);
  });
});
