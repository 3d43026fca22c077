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
/** How often a password was put through Argon2id: what guessing costs, and what it may tell. */
let evaluated: number;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
  second = await startCaptured(harness);
  const { hash: evaluate } = Passwords.prototype;
  jest.spyOn(Passwords.prototype, 'hash').mockImplementation(function counted(this: Passwords, ...given) {
    evaluated += 1;
    return evaluate.apply(this, given);
  });
});
afterAll(async () => {
  jest.restoreAllMocks();
  await second.stop();
  await harness.stop();
});
beforeEach(() => {
  evaluated = 0;
});

async function newAddress(): Promise<string> {
  const { email } = await harness.make.member(orgId, 'trainee');
  evaluated = 0; // making a password is one, too
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
/** Lets time pass for every address: rows are moved back, as if they had been written then. */
const pass = (minutes: string) =>
  harness.database.superuser(
    `UPDATE app_private.sign_in_locks SET last_at = last_at - interval '${minutes} minutes',
       locked_until = locked_until - interval '${minutes} minutes'`,
  );

describe('sign-in by password', () => {
  it('evaluates exactly five of fifty wrong guesses made at once, then is locked', async () => {
    const email = await newAddress();
    const answers = await times(50, () => wrong(email));
    expect(evaluated).toBe(5);
    expect(tally(answers)).toEqual({ '401 invalid_credentials': 4, '429 account_locked': 46 });
    for (const { status, headers } of answers)
      if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('evaluates exactly five of fifty made at once through two processes, for an unknown address too', async () => {
    for (const email of [await newAddress(), `nobody-${newId()}@test.example`]) {
      evaluated = 0;
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          harness
            .client()
            .post(`${i % 2 === 0 ? harness.url : second.url}/v1/auth/login`, { email, password: 'Wrong-Password-1' }),
        ),
      );
      expect(evaluated).toBe(5);
      expect(tally(answers)).toEqual({ '401 invalid_credentials': 4, '429 account_locked': 46 });
    }
  });

  it('is locked after five wrong guesses one after another: the right password is not looked at', async () => {
    const email = await newAddress();
    const answers: Answer[] = [];
    for (let i = 0; i < 5; i += 1) answers.push(await wrong(email));
    answers.push(await right(email), await wrong(email));
    expect(codes(answers)).toEqual([
      ...Array<string>(4).fill('401 invalid_credentials'),
      ...Array<string>(3).fill('429 account_locked'),
    ]);
    expect(evaluated).toBe(5);
  });

  it('opens again after fifteen minutes, and not before', async () => {
    const email = await newAddress();
    await times(5, () => wrong(email));
    await pass('14.9');
    expect((await right(email)).status).toBe(429);
    await pass('0.2');
    expect((await right(email)).status).toBe(200);
  });

  it('counts anew after fifteen minutes, and after a sign-in that succeeded', async () => {
    const email = await newAddress();
    await times(4, () => wrong(email));
    await pass('15.1');
    expect(codes(await times(4, () => wrong(email)))).toEqual(Array(4).fill('401 invalid_credentials'));
    expect((await right(email)).status).toBe(200);
    expect(codes(await times(4, () => wrong(email)))).toEqual(Array(4).fill('401 invalid_credentials'));
    expect((await right(email)).status).toBe(200);
  });

  it('locks by failures alone: the right password among four wrong ones, all at once, is let in', async () => {
    const email = await newAddress();
    const answers = await Promise.all([wrong(email), wrong(email), right(email), wrong(email), wrong(email)]);
    expect(answers[2].status).toBe(200);
  });

  it('lets the right password in however often at once', async () => {
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

  it('locks one address and no other, however it is written', async () => {
    const [email, other] = [await newAddress(), await newAddress()];
    await times(5, () => wrong(email));
    expect((await right(other)).status).toBe(200);
    expect((await right(email.toUpperCase())).status).toBe(429);
    expect((await right(` ${email} `)).status).toBe(429);
  });

  it('treats an address that nobody has as one that somebody has: same answers, same work', async () => {
    const [known, unknown] = [await newAddress(), `nobody-${newId()}@test.example`];
    const compare = async (email: string) => {
      evaluated = 0;
      const answers: Answer[] = [];
      for (let i = 0; i < 7; i += 1) answers.push(await wrong(email));
      return {
        codes: codes(answers),
        evaluated,
        bodies: answers.map(({ body }) => Object.keys(body).toSorted().join()),
        headers: answers.map(({ headers }) => [...headers.keys()].toSorted().join()),
      };
    };
    expect(await compare(unknown)).toEqual(await compare(known));
  });

  it('shows an address that nobody has the same salt each time', async () => {
    const salt = async () =>
      (
        await harness.database.superuser<{ salt: Buffer }>(`SELECT salt FROM app.begin_sign_in('steady@test.example')`)
      )[0]!.salt.toString('hex');
    const first = await salt();
    expect(await salt()).toBe(first);
    expect(first).toHaveLength(32);
  });

  it('logs every failure and the lock, without the password, for strangers under a mark of the address', async () => {
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
    const unknown = `nobody-${newId()}@test.example`;
    for (let i = 0; i < 2; i += 1) await wrong(unknown);
    const strange = await harness.database.superuser(
      `SELECT DISTINCT target_type, target_id = actor_id AS same, org_id FROM audit_events
         WHERE target_type = 'email' AND id IN (SELECT event_id FROM audit_private
           WHERE convert_from(payload, 'UTF8') LIKE '%' || $1 || '%')`,
      [unknown],
    );
    expect(strange).toEqual([{ target_type: 'email', same: true, org_id: SYSTEM_ORG_ID }]);
    const everything = await harness.database.superuser(
      `SELECT string_agg(e::text, '') || (SELECT string_agg(convert_from(payload, 'UTF8'), '')
         FROM audit_private) AS line FROM audit_events e`,
    );
    expect(JSON.stringify(everything)).not.toContain('Wrong-Password');
  });

  it('is busy rather than late when too many wait, and charges nobody for what it did not evaluate', async () => {
    const email = await newAddress();
    const passwords = harness.api.get(Passwords, { strict: false });
    let open!: () => void;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const taken = Array.from({ length: MAX_IN_TURN }, () => passwords.withSlot(() => gate));
    const answers = await times(8, () => wrong(email));
    expect(tally(answers)).toEqual({ '503 server_busy': 8 });
    expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual(Array(8).fill('2'));
    open();
    await Promise.all(taken);
    expect((await right(email)).status).toBe(200);
  });

  it.each<[string, string, string]>([
    ['ten thousand characters', 'Aa1!'.repeat(2_500), '400 invalid_request'],
    ['a thousand and one', 'x'.repeat(1_001), '400 invalid_request'],
    ['a null byte', `${Factories.PASSWORD}\0`, '400 invalid_text'],
    ['a lone surrogate', `${Factories.PASSWORD}\ud800`, '400 invalid_text'],
    ['nothing', '', '400 invalid_request'],
  ])('refuses a password of %s without evaluating anything or taking a try', async (_what, password, expected) => {
    const email = await newAddress();
    expect(codes(await times(6, () => login(email, password)))).toEqual(Array(6).fill(expected));
    expect(evaluated).toBe(0);
    expect((await right(email)).status).toBe(200);
  });

  it('keeps, where it is kept, nothing that signs anybody in', async () => {
    const rows = await harness.database.superuser<{ line: string }>(
      `SELECT c::text AS line FROM app_private.credentials c`,
    );
    expect(rows.length).toBeGreaterThan(3);
    expect(JSON.stringify(rows)).not.toContain(Factories.PASSWORD);
  });
});

describe('a change of the password in a session', () => {
  const NEXT = 'Synthetic-Test-2';
  const signedIn = async () => {
    const member = await harness.make.member(orgId, 'trainee');
    const client = await harness.signIn(member.email);
    evaluated = 0;
    return {
      ...member,
      client,
      change: (currentPassword: string) =>
        client.post('/v1/auth/password/change', { currentPassword, newPassword: NEXT }),
    };
  };

  it('is locked after five wrong current passwords, at sign-in as well: the right one is not looked at', async () => {
    const { change, email, userId } = await signedIn();
    const answers: Answer[] = [];
    for (let i = 0; i < 5; i += 1) answers.push(await change('Wrong-Password-1'));
    expect(evaluated).toBe(10); // the current one, and the next one
    answers.push(await change(Factories.PASSWORD));
    expect(evaluated).toBe(11);
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
    await pass('15.1');
    expect((await login(email, NEXT)).status).toBe(401);
    expect((await right(email)).status).toBe(200);
  });

  it('has five of ten wrong ones compared that come at once', async () => {
    const { change } = await signedIn();
    expect(tally(await times(10, () => change('Wrong-Password-1')))).toEqual({
      '403 wrong_password': 4,
      '429 account_locked': 6,
    });
  });

  it('shares its tries with the sign-in', async () => {
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

  it('is not looked at while the account is locked by others', async () => {
    const { change, email, client } = await signedIn();
    await times(5, () => wrong(email));
    expect(codes([await change(Factories.PASSWORD)])).toEqual(['429 account_locked']);
    await pass('15.1');
    expect([
      (await change(Factories.PASSWORD)).status,
      (await client.get('/v1/auth/me')).status,
      (await login(email, NEXT)).status,
    ]).toEqual([204, 200, 200]);
  });

  it('forgets what failed before once it is right', async () => {
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
