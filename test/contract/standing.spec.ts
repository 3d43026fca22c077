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
 * What stands between somebody who holds every permission and a route; `refusal` is the code it answers with, null
 * where it lets pass.
 */
interface Standing {
  refusal: (route: Route) => ErrorCode | null;
  /** SQL about the director ($1 organization, $2 membership, $3 user) that makes it so, and that undoes it. */
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

const STANDINGS: Record<string, Standing> = {
  'a suspended organization': {
    refusal: always('organization_suspended'),
    begin: `UPDATE organizations SET status = 'suspended' ${OF_ORG}`,
    end: `UPDATE organizations SET status = 'active' ${OF_ORG}`,
  },
  'an ended membership': {
    refusal: always('membership_ended'),
    begin: `UPDATE memberships SET status = 'ended' ${OF_MEMBER}`,
    end: `UPDATE memberships SET status = 'active' ${OF_MEMBER}`,
  },
  'a password that must be changed': {
    refusal: ({ mutating, policy }) => (mutating && !policy?.allowIncompleteSetup ? 'password_change_required' : null),
    begin: `UPDATE users SET must_change_password = true ${OF_USER}`,
    end: `UPDATE users SET must_change_password = false ${OF_USER}`,
  },
  'a second factor that is missing': {
    refusal: ({ policy }) =>
      policy?.allowIncompleteSetup || policy?.allowWithoutMfa ? null : 'mfa_enrollment_required',
    begin: `UPDATE organizations SET require_mfa = true ${OF_ORG}`,
    end: `UPDATE organizations SET require_mfa = false ${OF_ORG}`,
  },
  'single sign-on that was not used': {
    refusal: unlessSetup('sso_required'),
    begin: `UPDATE organizations SET require_sso = true ${OF_ORG}`,
    end: `UPDATE organizations SET require_sso = false ${OF_ORG}`,
  },
  'a way of signing in that is no longer taken': {
    refusal: unlessSetup('sign_in_method_not_allowed'),
    begin: `UPDATE organizations SET allowed_sign_in = '{saml}' ${OF_ORG}`,
    end: `UPDATE organizations SET allowed_sign_in = '{password,saml}' ${OF_ORG}`,
  },
  'a session that has expired': {
    refusal: always('session_expired'),
    begin: `UPDATE sessions SET expires_at = expires_at - interval '30 days' ${OF_SESSIONS}`,
    end: `UPDATE sessions SET expires_at = expires_at + interval '30 days' ${OF_SESSIONS}`,
  },
  'a session left idle': {
    refusal: always('session_expired'),
    begin: `UPDATE sessions SET last_seen_at = last_seen_at - interval '30 days' ${OF_SESSIONS}`,
    end: `UPDATE sessions SET last_seen_at = last_seen_at + interval '30 days' ${OF_SESSIONS}`,
  },
  'a session that was revoked': {
    refusal: always('unauthenticated'),
    begin: `UPDATE sessions SET revoked_at = now() ${OF_SESSIONS}`,
    end: `UPDATE sessions SET revoked_at = NULL ${OF_SESSIONS}`,
  },
};

/** Refusals of somebody whose session was entered: they are in the organization's log, with the reason. */
const LOGGED = new Set<string>([
  'forbidden',
  'step_up_required',
  'password_change_required',
  'mfa_enrollment_required',
  'sso_required',
  'sign_in_method_not_allowed',
]);
/** Every code by which the guard refuses. */
const REFUSALS = new Set<string>([
  ...LOGGED,
  'unauthenticated',
  'session_expired',
  'membership_ended',
  'organization_suspended',
]);
/** Signs out by being read: test/e2e/oidc-logout.spec.ts. */
const LEAVING = new Set(['GET /v1/sso/oidc/:connectionId/logout']);
/**
 * What reading may move: the log and what of it goes out live, when somebody was last here, and the link to a file,
 * which is good once.
 */
const MOVES = new Set(['audit_events', 'audit_private', 'realtime_events', 'sessions', 'exports']);
const TABLES = [...declared('tables')]
  .filter(([name, { kind }]) => kind === 'tenant' && !MOVES.has(name))
  .map(([name]) => name);

let harness: Harness;
let mine: Tenant;
let routes: Route[];
let samples: Map<Route, Sample>;
/**
 * A session of the director's for each route that may change something before all is set up: it may end the session.
 */
let spare: Map<Route, Client>;
let cells = 0;

beforeAll(async () => {
  harness = await Harness.start();
  mine = await makeTenant(harness, await providerMetadata());
  routes = guardedOf(allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner)));
});
beforeEach(async () => {
  mine = { ...mine, director: await harness.signIn(mine.directorMember.email) };
  spare = new Map();
  for (const route of routes.filter(({ mutating, policy }) => mutating && policy?.allowIncompleteSetup))
    spare.set(route, await harness.signIn(mine.directorMember.email));
  // More than five at once, for the test alone.
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
    `standing: ${cells} cells, ${routes.length} routes × ${Object.keys(STANDINGS).length + 3} standings\n`,
  );
});

async function during(standing: Standing, fn: () => Promise<string[]>): Promise<string[]> {
  const { orgId, membershipId, userId } = mine.directorMember;
  await harness.database.superuser(standing.begin, [orgId, membershipId, userId]);
  try {
    return await fn();
  } finally {
    await harness.database.superuser(standing.end, [orgId, membershipId, userId]);
  }
}

/** Whether it is exactly the refusal with the code, as problem details of the status that the code is declared with. */
function isRefusal(code: ErrorCode, { status, body, headers }: Answer): boolean {
  cells += 1;
  return (
    status === declared('errors').get(code)!.status &&
    body.code === code &&
    headers.get('content-type') === 'application/problem+json'
  );
}

const told = (route: Route, expected: string, { status, text }: Answer) =>
  `${keyOf(route)}: ${expected} expected, was ${status} ${text.slice(0, 160)}`;

/** A refusal of somebody known is in the log of the organization, with its reason. */
async function logged(route: Route, code: string, answer: Answer): Promise<string[]> {
  const rows = await harness.database.superuser(
    `SELECT FROM audit_events WHERE org_id = $1 AND request_id = $2 AND type = 'access.denied' AND outcome = 'denied'
       AND meta ->> 'reason' = $3`,
    [mine.ids.org, answer.headers.get('x-request-id'), code],
  );
  cells += 1;
  return rows.length === 1 ? [] : [`${keyOf(route)}: ${rows.length} denials for ${code} in the log`];
}

/**
 * A route that lets pass: what only reads answers with success, what changes something gets as far as its own rules.
 */
async function passes(route: Route): Promise<string[]> {
  if (LEAVING.has(keyOf(route))) return [];
  const answer = route.mutating
    ? await send(spare.get(route) ?? mine.director, route, { ...samples.get(route)!, body: {} })
    : await send(mine.director, route, await sampleFor(route, mine));
  cells += 1;
  const passed = route.mutating ? !REFUSALS.has(String(answer.body?.code)) : answer.status < 300;
  return passed ? [] : [told(route, 'passing', answer)];
}

async function refuses(route: Route, code: ErrorCode, client: Client = mine.director): Promise<string[]> {
  const answer = await send(client, route, samples.get(route)!);
  return isRefusal(code, answer) ? (LOGGED.has(code) ? logged(route, code, answer) : []) : [told(route, code, answer)];
}

async function over(things: readonly Route[], check: (route: Route) => Promise<string[]>): Promise<string[]> {
  const found: string[] = [];
  for (const thing of things) found.push(...(await check(thing)));
  return found;
}

describe('every route, in the way of somebody who holds every permission', () => {
  it.each(Object.entries(STANDINGS))('%s: answers as its policy says, and changes nothing', async (_what, standing) => {
    expect(
      await during(standing, async () => {
        const before = await fingerprint(harness, mine.ids.org, TABLES);
        const found = await over(routes, async (route) => {
          const code = standing.refusal(route);
          return code === null ? passes(route) : refuses(route, code);
        });
        expect(await fingerprint(harness, mine.ids.org, TABLES)).toEqual(before);
        return found;
      }),
    ).toEqual([]);
  });

  it('a sign-in too long ago, where the route asks for a fresh one: step_up_required', async () => {
    const fresh = routes.filter(({ policy }) => policy?.stepUpMinutes !== undefined);
    const age = (sign: '+' | '-') =>
      `UPDATE sessions SET signed_in_at = signed_in_at ${sign} interval '1 day' ${OF_SESSIONS}`;
    expect(
      await during({ refusal: always('step_up_required'), begin: age('-'), end: age('+') }, () =>
        over(fresh, (route) => refuses(route, 'step_up_required')),
      ),
    ).toEqual([]);
  });
});

describe('every route', () => {
  it('that asks for a permission refuses who holds none: forbidden', async () => {
    const asking = routes.filter(({ policy }) => policy?.kind === 'access' && policy.permission !== 'signed-in');
    expect(await over(asking, (route) => refuses(route, 'forbidden', mine.powerless))).toEqual([]);
  });

  it('refuses who has not signed in: unauthenticated', async () => {
    expect(await over(routes, (route) => refuses(route, 'unauthenticated', harness.client()))).toEqual([]);
  });
});
