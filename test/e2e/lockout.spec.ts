import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MAX_IN_TURN, Passwords } from '../../src/modules/auth/passwords/passwords.js';
import { SYSTEM_ORG_ID, newId } from '../../src/platform/clock/id.js';
import { startCaptured, type CapturedApi } from '../contract/captured.js';
import { Harness } from '../harness/app.js';
import type { Answer } from '../harness/client.js';
import { Factories } from '../harness/factories.js';

let harness: Harness;
let second: CapturedApi;
let orgId: string;
/** Counts the Argon2id hashes, which are the cost of a guess and a timing signal. */
let hashCount: number;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
  second = await startCaptured(harness);
  const { hash } = Passwords.prototype;
  jest.spyOn(Passwords.prototype, 'hash').mockImplementation(function countedHash(this: Passwords, ...args) {
    hashCount += 1;
    return hash.apply(this, args);
  });
});
afterAll(async () => {
  jest.restoreAllMocks();
  await second.stop();
  await harness.stop();
});
beforeEach(() => {
  hashCount = 0;
});

async function newEmail(): Promise<string> {
  const { email } = await harness.make.member(orgId, 'trainee');
  hashCount = 0; // Creating the member hashes its password.
  return email;
}
const login = (email: string, password: string) => harness.client().post('/v1/auth/login', { email, password });
const wrong = (email: string) => login(email, 'Wrong-Password-1');
const right = (email: string) => login(email, Factories.PASSWORD);
const codes = (answers: Answer[]) => answers.map(({ status, body }) => `${status} ${body.code ?? 'ok'}`);
const tally = (answers: Answer[]) =>
  Object.fromEntries(
    Object.entries(Object.groupBy(codes(answers), (code) => code)).map(([code, all]) => [code, all!.length]),
  );
const times = (n: number, fn: () => Promise<Answer>) => Promise.all(Array.from({ length: n }, fn));
/** Simulates elapsed time by moving all lockout rows back. */
const elapse = (minutes: string) =>
  harness.database.superuser(
    `UPDATE app_private.sign_in_locks SET last_at = last_at - interval '${minutes} minutes',
       locked_until = locked_until - interval '${minutes} minutes'`,
  );

describe('sign-in by password', () => {
  it('hashes exactly five of fifty concurrent wrong guesses and then locks the account', async () => {
    const email = await newEmail();
    const answers = await times(50, () => wrong(email));
    expect(hashCount).toBe(5);
    expect(tally(answers)).toEqual({ '401 invalid_credentials': 4, '429 account_locked': 46 });
    for (const { status, headers } of answers)
      if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('hashes exactly five of fifty guesses across two processes, even for an unknown account', async () => {
    for (const email of [await newEmail(), `unknown-${newId()}@test.example`]) {
      hashCount = 0;
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          harness
            .client()
            .post(`${i % 2 === 0 ? harness.url : second.url}/v1/auth/login`, { email, password: 'Wrong-Password-1' }),
        ),
      );
      expect(hashCount).toBe(5);
      expect(tally(answers)).toEqual({ '401 invalid_credentials': 4, '429 account_locked': 46 });
    }
  });

  it('rejects the right password without hashing it after five wrong guesses', async () => {
    const email = await newEmail();
    const answers: Answer[] = [];
    for (let i = 0; i < 5; i += 1) answers.push(await wrong(email));
    answers.push(await right(email), await wrong(email));
    expect(codes(answers)).toEqual([
      ...Array<string>(4).fill('401 invalid_credentials'),
      ...Array<string>(3).fill('429 account_locked'),
    ]);
    expect(hashCount).toBe(5);
  });

  it('unlocks the account after fifteen minutes and not earlier', async () => {
    const email = await newEmail();
    await times(5, () => wrong(email));
    await elapse('14.9');
    expect((await right(email)).status).toBe(429);
    await elapse('0.2');
    expect((await right(email)).status).toBe(200);
  });

  it('resets the failure count after fifteen minutes and after a successful sign-in', async () => {
    const email = await newEmail();
    await times(4, () => wrong(email));
    await elapse('15.1');
    expect(codes(await times(4, () => wrong(email)))).toEqual(Array(4).fill('401 invalid_credentials'));
    expect((await right(email)).status).toBe(200);
    expect(codes(await times(4, () => wrong(email)))).toEqual(Array(4).fill('401 invalid_credentials'));
    expect((await right(email)).status).toBe(200);
  });

  it('accepts the right password among four concurrent wrong ones', async () => {
    const email = await newEmail();
    const answers = await Promise.all([wrong(email), wrong(email), right(email), wrong(email), wrong(email)]);
    expect(answers[2].status).toBe(200);
  });

  it('accepts the right password in many concurrent requests', async () => {
    const { email, userId } = await harness.make.member(orgId, 'trainee');
    expect(tally(await times(25, () => right(email)))).toEqual({ '200 ok': 25 });
    expect(
      await harness.database.superuser('SELECT 1 FROM sessions WHERE user_id = $1 AND revoked_at IS NULL', [userId]),
    ).toHaveLength(5);
    expect(
      await harness.database.superuser(
        `SELECT failures, pending FROM app_private.sign_in_locks WHERE failures + pending > 0
           AND lockout_key = sha256($1)`,
        [Buffer.from(email)],
      ),
    ).toEqual([]);
  });

  it('locks one account only, in every spelling of its e-mail address', async () => {
    const [email, other] = [await newEmail(), await newEmail()];
    await times(5, () => wrong(email));
    expect((await right(other)).status).toBe(200);
    expect((await right(email.toUpperCase())).status).toBe(429);
    expect((await right(` ${email} `)).status).toBe(429);
  });

  it('returns the same responses with the same work for known and unknown accounts', async () => {
    const [known, unknown] = [await newEmail(), `unknown-${newId()}@test.example`];
    const compare = async (email: string) => {
      hashCount = 0;
      const answers: Answer[] = [];
      for (let i = 0; i < 7; i += 1) answers.push(await wrong(email));
      return {
        codes: codes(answers),
        hashCount,
        bodies: answers.map(({ body }) => Object.keys(body).toSorted().join()),
        headers: answers.map(({ headers }) => [...headers.keys()].toSorted().join()),
      };
    };
    expect(await compare(unknown)).toEqual(await compare(known));
  });

  it('returns a stable decoy salt for an unknown account', async () => {
    const salt = async () =>
      (
        await harness.database.superuser<{ salt: Buffer }>(`SELECT salt FROM app.begin_sign_in('steady@test.example')`)
      )[0]!.salt.toString('hex');
    const first = await salt();
    expect(await salt()).toBe(first);
    expect(first).toHaveLength(32);
  });

  it('records failures and the lock without the password, and unknown accounts by a digest', async () => {
    const { email, userId } = await harness.make.member(orgId, 'trainee');
    for (let i = 0; i < 5; i += 1) await wrong(email);
    const events = await harness.database.superuser(
      `SELECT type, outcome, actor_type FROM audit_events WHERE org_id = $1 AND target_id = $2
         ORDER BY occurred_at, id`,
      [orgId, userId],
    );
    expect(events.filter(({ type }) => type !== 'membership.created')).toEqual([
      ...Array.from({ length: 5 }, () => ({
        type: 'auth.sign_in_failed',
        outcome: 'failure',
        actor_type: 'anonymous',
      })),
      { type: 'auth.locked', outcome: 'failure', actor_type: 'anonymous' },
    ]);
    const unknown = `unknown-${newId()}@test.example`;
    for (let i = 0; i < 2; i += 1) await wrong(unknown);
    const unknownEvents = await harness.database.superuser(
      `SELECT DISTINCT target_type, target_id = actor_id AS same, org_id FROM audit_events
         WHERE target_type = 'email' AND id IN (SELECT event_id FROM audit_private
           WHERE convert_from(payload, 'UTF8') LIKE '%' || $1 || '%')`,
      [unknown],
    );
    expect(unknownEvents).toEqual([{ target_type: 'email', same: true, org_id: SYSTEM_ORG_ID }]);
    const allEvents = await harness.database.superuser(
      `SELECT string_agg(e::text, '') || (SELECT string_agg(convert_from(payload, 'UTF8'), '')
         FROM audit_private) AS line FROM audit_events e`,
    );
    expect(JSON.stringify(allEvents)).not.toContain('Wrong-Password');
  });

  it('returns 503 when the hashing queue is full and does not count the attempts', async () => {
    const email = await newEmail();
    const passwords = harness.api.get(Passwords, { strict: false });
    let openGate!: () => void;
    const gate = new Promise<void>((resolve) => {
      openGate = resolve;
    });
    const slots = Array.from({ length: MAX_IN_TURN }, () => passwords.withSlot(() => gate));
    const answers = await times(8, () => wrong(email));
    expect(tally(answers)).toEqual({ '503 server_busy': 8 });
    expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual(Array(8).fill('2'));
    openGate();
    await Promise.all(slots);
    expect((await right(email)).status).toBe(200);
  });

  it.each<[string, string, string]>([
    ['ten thousand characters', 'Aa1!'.repeat(2_500), '413 payload_too_large'],
    ['a thousand and one characters', 'x'.repeat(1_001), '400 invalid_request'],
    ['a null byte', `${Factories.PASSWORD}\0`, '400 invalid_text'],
    ['a lone surrogate', `${Factories.PASSWORD}\ud800`, '400 invalid_text'],
    ['no characters', '', '400 invalid_request'],
  ])('rejects a password with %s without hashing it or counting an attempt', async (_what, password, expected) => {
    const email = await newEmail();
    expect(codes(await times(6, () => login(email, password)))).toEqual(Array(6).fill(expected));
    expect(hashCount).toBe(0);
    expect((await right(email)).status).toBe(200);
  });

  it('does not store passwords in plain text', async () => {
    const rows = await harness.database.superuser<{ line: string }>(
      `SELECT c::text AS line FROM app_private.credentials c`,
    );
    expect(rows.length).toBeGreaterThan(3);
    expect(JSON.stringify(rows)).not.toContain(Factories.PASSWORD);
  });
});

describe('a password change in a session', () => {
  const NEXT = 'Synthetic-Test-2';
  const signedIn = async () => {
    const member = await harness.make.member(orgId, 'trainee');
    const client = await harness.signIn(member.email);
    hashCount = 0;
    return {
      ...member,
      client,
      change: (currentPassword: string) =>
        client.post('/v1/auth/password/change', { currentPassword, newPassword: NEXT }),
    };
  };

  it('locks the account after five wrong current passwords, for sign-in too', async () => {
    const { change, email, userId } = await signedIn();
    const answers: Answer[] = [];
    for (let i = 0; i < 5; i += 1) answers.push(await change('Wrong-Password-1'));
    expect(hashCount).toBe(10); // Each attempt hashes the current and the new password.
    answers.push(await change(Factories.PASSWORD));
    expect(hashCount).toBe(11);
    answers.push(await right(email));
    expect(codes(answers)).toEqual([
      ...Array<string>(4).fill('403 wrong_password'),
      ...Array<string>(3).fill('429 account_locked'),
    ]);
    expect(
      await harness.database.superuser(
        `SELECT outcome FROM audit_events WHERE org_id = $1 AND target_id = $2 AND type = 'auth.locked'`,
        [orgId, userId],
      ),
    ).toEqual([{ outcome: 'failure' }]);
    await elapse('15.1');
    expect((await login(email, NEXT)).status).toBe(401);
    expect((await right(email)).status).toBe(200);
  });

  it('compares exactly five of ten concurrent wrong passwords', async () => {
    const { change } = await signedIn();
    expect(tally(await times(10, () => change('Wrong-Password-1')))).toEqual({
      '403 wrong_password': 4,
      '429 account_locked': 6,
    });
  });

  it('shares its attempt count with the sign-in', async () => {
    const { change, email } = await signedIn();
    const answers = [
      await wrong(email),
      await wrong(email),
      await wrong(email),
      await change('Wrong-Password-1'),
      await change('Wrong-Password-1'),
      await change(Factories.PASSWORD),
    ];
    expect(codes(answers)).toEqual([
      ...Array<string>(3).fill('401 invalid_credentials'),
      '403 wrong_password',
      '429 account_locked',
      '429 account_locked',
    ]);
  });

  it('is rejected while failed sign-ins lock the account', async () => {
    const { change, email, client } = await signedIn();
    await times(5, () => wrong(email));
    expect(codes([await change(Factories.PASSWORD)])).toEqual(['429 account_locked']);
    await elapse('15.1');
    expect([
      (await change(Factories.PASSWORD)).status,
      (await client.get('/v1/auth/me')).status,
      (await login(email, NEXT)).status,
    ]).toEqual([204, 200, 200]);
  });

  it('resets the failure count when the current password is right', async () => {
    const { change, email } = await signedIn();
    for (let i = 0; i < 4; i += 1) await change('Wrong-Password-1');
    expect((await change(Factories.PASSWORD)).status).toBe(204);
    expect(
      await harness.database.superuser(
        `SELECT failures, pending FROM app_private.sign_in_locks WHERE failures + pending > 0
           AND lockout_key = sha256($1)`,
        [Buffer.from(email)],
      ),
    ).toEqual([]);
  });
});
