import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import fc from 'fast-check';
import { isId } from '../../src/platform/audit/meta-shapes.js';
import { allRoutes } from '../../src/platform/boot/routes.js';
import { declared } from '../../src/platform/feature/registry.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { enrollTotp } from '../harness/factors.js';
import type { Member } from '../harness/factories.js';
import { callables, compositeTypes, HostileValues } from '../harness/hostile-values.js';
import { fingerprint, makeTenant, providerMetadata, type Tenant } from './fixtures.js';
import { RawSql, sessionSecret } from './raw-sql.js';
import { guardedOf, keyOf, sampleFor, send } from './requests.js';

jest.setTimeout(300_000);

const TENANT_TABLES = [...declared('tables')].filter(([, { kind }]) => kind === 'tenant').map(([name]) => name);
const PASSWORD = 'Synthetic-Test-1';
/** Rejected values, missing rights, and errors that the API answers with 4xx or 503 (PostgreSQL manual, appendix A). */
const EXPECTED = /^(22...|23...|42501|VS409|25006|55000|54000)$/;
const SEED = Number(process.env['HOSTILE_SEED'] ?? 20_261);

let harness: Harness;
let mine: Tenant;
let theirs: Tenant;
let before: Record<string, string>;
let member: Member;
let calls = 0;
/** The functions of which a call succeeded. */
const succeeded = new Set<string>();

beforeAll(async () => {
  harness = await Harness.start();
  mine = await makeTenant(harness, await providerMetadata());
  theirs = await makeTenant(harness, await providerMetadata());
  member = await harness.make.member(mine.ids.org, 'program_director');
  await harness.settled();
  before = await fingerprint(harness, theirs.ids.org, TENANT_TABLES);
});
afterAll(async () => {
  await harness.stop();
  process.stdout.write(`hostile arguments: ${calls} calls, ${succeeded.size} functions succeeded\n`);
});

/** Signs the member in. The calls can have locked the account. */
async function signIn(): Promise<Client> {
  await harness.database.superuser('DELETE FROM app_private.sign_in_locks');
  return harness.signIn(member.email);
}

/** Returns the secret of the member's session. The calls can have ended it. */
async function liveSecret(raw: RawSql, secret: string): Promise<string> {
  const { rows } = await raw.outcome('SELECT state FROM app.enter_session($1, true)', [secret]);
  return rows[0]?.['state'] === 'ok' ? secret : sessionSecret(await signIn());
}

async function enterScim(raw: RawSql): Promise<void> {
  await raw.client.query('BEGIN');
  const { rows } = await raw.outcome('SELECT state FROM app.enter_scim($1, NULL, true)', [mine.directoryToken]);
  if (rows[0]?.['state'] !== 'ok') throw new Error('the SCIM token was rejected');
}

/** How a transaction begins before the call. */
const CONTEXTS: Record<string, { numRuns: number; enter: (raw: RawSql, secret: string) => Promise<unknown> }> = {
  'a member': { numRuns: Number(process.env['HOSTILE_CALLS'] ?? 40), enter: (raw, secret) => raw.enter(secret) },
  'a SCIM client': { numRuns: 10, enter: enterScim },
  'no context': { numRuns: 10, enter: (raw) => raw.client.query('BEGIN') },
};

async function valuesFor(secret: string): Promise<HostileValues> {
  const ids = [mine, theirs].flatMap((tenant) => Object.values(tenant.ids));
  return new HostileValues(await compositeTypes(harness.database), {
    texts: [secret, mine.directoryToken],
    ids: [...new Set([...ids, member.userId, member.membershipId])].filter(isId),
  });
}

/** Calls the functions with hostile arguments and keeps what they do. Returns the unexpected SQLSTATEs. */
async function attack(raw: RawSql, context: string): Promise<string[]> {
  const { numRuns, enter } = CONTEXTS[context]!;
  const unexpected: string[] = [];
  let secret = '';
  for (const callable of await callables(harness.database)) {
    secret = await liveSecret(raw, secret);
    const values = (await valuesFor(secret)).argumentsOf(callable);
    for (const list of fc.sample(values, { numRuns, seed: SEED })) {
      calls += 1;
      await enter(raw, (secret = await liveSecret(raw, secret)));
      const { code, message } = await raw.outcome(`SELECT ${callable.name}(${list})`);
      await raw.client.query('COMMIT');
      if (code === null) succeeded.add(callable.name);
      else if (!EXPECTED.test(code)) unexpected.push(`${callable.name}(${list.slice(0, 300)}): ${code} ${message}`);
    }
  }
  return unexpected;
}

describe('functions that the API may call, with hostile arguments', () => {
  it.each(Object.keys(CONTEXTS))('raise only declared errors for %s', async (context) => {
    const raw = await RawSql.open(harness.env['DATABASE_URL']!);
    expect(await attack(raw, context)).toEqual([]);
    await raw.end();
  });

  it('reach many functions, so that the arguments are not only rejected', () => {
    expect(succeeded.size).toBeGreaterThan(40);
  });

  it('change nothing of another organization', async () => {
    expect(await fingerprint(harness, theirs.ids.org, TENANT_TABLES)).toEqual(before);
  });

  it('leave no state that a route cannot read or the member cannot leave', async () => {
    await harness.database.superuser('DELETE FROM app_private.sign_in_locks');
    const routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner));
    const failed: string[] = [];
    const deputy = await harness.signIn(mine.deputy.email);
    for (const route of guardedOf(routes).filter(({ method }) => method === 'GET')) {
      const { status, text } = await send(deputy, route, await sampleFor(route, mine));
      if (status >= 500) failed.push(`${keyOf(route)}: ${status} ${text}`);
    }
    expect(failed).toEqual([]);
    expect((await deputy.delete(`/v1/memberships/${member.membershipId}/factors`)).status).toBeLessThan(300);
    const client = await signIn();
    expect((await client.post('/v1/auth/step-up', { password: PASSWORD })).status).toBe(204);
    await enrollTotp(client);
    expect((await client.get('/v1/auth/me')).status).toBe(200);
  });
});
