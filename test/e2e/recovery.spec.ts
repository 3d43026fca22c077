import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/platform/clock/id.js';
import { startCaptured, startCapturedWorker, type CapturedApi } from '../contract/captured.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { Factories, type Member } from '../harness/factories.js';
import { mailedToken, mailsTo } from '../harness/mail.js';

const NEXT = 'Brisk-Otter-41';

let harness: Harness;
let api: CapturedApi;
let worker: Awaited<ReturnType<typeof startCapturedWorker>>;
let org: string;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  api = await startCaptured(harness);
  worker = await startCapturedWorker(harness);
  org = await harness.make.organization('gme');
});
afterAll(async () => {
  await worker.stop();
  await api.stop();
  await harness.stop();
});

let client: Client;
beforeEach(() => {
  client = harness.client();
});

const sql = <R extends Record<string, any>>(text: string, values: unknown[] = []) =>
  harness.database.superuser<R>(text, values);
const member = () => harness.make.member(org, 'trainee');
const forgot = (email: string) => client.post('/v1/auth/password/forgot', { email });
const reset = (token: string, newPassword = NEXT) => client.post('/v1/auth/password/reset', { token, newPassword });
const login = (email: string, password: string) => harness.client().post('/v1/auth/login', { email, password });
const code = ({ status, body }: Answer) => `${status} ${body.code ?? ''}`.trim();
async function eventsOf(userId: string): Promise<string[]> {
  const rows = await sql<{ type: string }>(
    `SELECT type FROM audit_events WHERE org_id = $1 AND target_id = $2 AND type LIKE 'auth.%'
       ORDER BY occurred_at, id`,
    [org, userId],
  );
  return rows.map(({ type }) => type);
}
/** Moves the requests for mails back in time. */
const letTimePass = (interval: string) =>
  sql(
    `UPDATE app_private.account_mails
     SET requested_at = requested_at - $1::interval, expires_at = expires_at - $1::interval`,
    [interval],
  );
async function tokenFor(email: string): Promise<string> {
  expect((await forgot(email)).status).toBe(202);
  return mailedToken(harness, email);
}

describe('a forgotten password', () => {
  it('is reset by the link of a mail, which leads to the page of this application', async () => {
    const { email, userId } = await member();
    const token = await tokenFor(email);
    const [mail] = await mailsTo(harness, email);
    expect(mail!.text.split(/\r?\n/)).toContain(`${harness.env.PUBLIC_URL}/account/reset#token=${token}`);
    const answer = await reset(token);
    expect([code(answer), answer.headers.getSetCookie()]).toEqual(['204', []]);
    expect([(await login(email, Factories.PASSWORD)).status, (await login(email, NEXT)).status]).toEqual([401, 200]);
    expect(await eventsOf(userId)).toEqual([
      'auth.account_mail_sent',
      'auth.password_reset',
      'auth.sign_in_failed',
      'auth.signed_in',
    ]);
  });

  it('when reset, ends every session, lifts the lock, and verifies the e-mail address', async () => {
    const { email, userId } = await member();
    const sessions = [await harness.signIn(email), await harness.signIn(email)];
    await Promise.all(Array.from({ length: 5 }, () => login(email, 'Wrong-Password-1')));
    expect(code(await login(email, Factories.PASSWORD))).toBe('429 account_locked');
    await reset(await tokenFor(email));
    expect(await Promise.all(sessions.map(async (session) => (await session.get('/v1/auth/me')).status))).toEqual([
      401, 401,
    ]);
    expect((await login(email, NEXT)).status).toBe(200);
    expect(
      await sql("SELECT email_proven_at > now() - interval '1 minute' AS proven FROM users WHERE id = $1", [userId]),
    ).toEqual([{ proven: true }]);
  });

  it('is set by exactly one of many concurrent requests with the token, and the token then stops working', async () => {
    const { email } = await member();
    const token = await tokenFor(email);
    const passwords = Array.from({ length: 20 }, (_, i) => `Brisk-Otter-${i + 10}`);
    const answers = await Promise.all(
      passwords.map((password, i) =>
        harness.client().post(i % 2 === 0 ? '/v1/auth/password/reset' : `${api.url}/v1/auth/password/reset`, {
          token,
          newPassword: password,
        }),
      ),
    );
    const winners = answers.flatMap(({ status }, i) => (status === 204 ? [i] : []));
    expect(winners).toHaveLength(1);
    expect(new Set(answers.map(code))).toEqual(new Set(['204', '404 token_invalid']));
    expect((await login(email, passwords[winners[0]!]!)).status).toBe(200);
    expect(code(await reset(token))).toBe('404 token_invalid');
  });

  it('cannot be reset by an older token after a reset or a password change', async () => {
    const { email } = await member();
    const [first, second] = [await tokenFor(email), await tokenFor(email)];
    expect(code(await reset(first))).toBe('204');
    expect(code(await reset(second, 'Other-Otter-41'))).toBe('404 token_invalid');
    const third = await tokenFor(email);
    const session = await harness.signIn(email, NEXT);
    expect(
      (await session.post('/v1/auth/password/change', { currentPassword: NEXT, newPassword: 'Swift-Heron-52' })).status,
    ).toBe(204);
    expect(code(await reset(third))).toBe('404 token_invalid');
    expect((await login(email, 'Swift-Heron-52')).status).toBe(200);
  });

  it('can be reset within half an hour, and not later', async () => {
    const { email } = await member();
    const [late, timely] = [await tokenFor(email), await tokenFor(email)];
    await letTimePass('29 minutes');
    await sql(
      `UPDATE app_private.account_mails SET expires_at = expires_at - interval '61 seconds'
         WHERE token_hash = sha256($1)`,
      [Buffer.from(late)],
    );
    expect([code(await reset(late)), code(await reset(timely))]).toEqual(['404 token_invalid', '204']);
  });

  it('cannot be reset by an invalid token, part of a token, or a token for another purpose', async () => {
    const { email } = await member();
    const token = await tokenFor(email);
    const session = await harness.signIn(email);
    await session.post('/v1/auth/email/verify/request');
    const verification = await mailedToken(harness, email);
    const [row] = await sql<{ hash: string }>(
      `SELECT encode(token_hash, 'hex') AS hash FROM app_private.account_mails WHERE token_hash = sha256($1)`,
      [Buffer.from(token)],
    );
    const others = [
      'x',
      token.slice(0, -1),
      `${token}x`,
      token.toUpperCase(),
      ` ${token}`,
      verification,
      row!.hash,
      `\\x${row!.hash}`,
    ];
    expect(await Promise.all(others.map(async (other) => code(await reset(other))))).toEqual(
      others.map(() => '404 token_invalid'),
    );
    expect(code(await session.post('/v1/auth/email/verify', { token }))).toBe('404 token_invalid');
    expect(code(await reset(token))).toBe('204');
  });

  it("rejects a weak password or one with the user's name or address, and the token stays valid", async () => {
    const { email } = await harness.make.member(org, 'trainee', { email: 'zephyrine.x@test.example' });
    const token = await tokenFor(email);
    const messages = async (password: string) =>
      (await reset(token, password)).body.errors.map(({ message }: { message: string }) => message);
    expect(await messages('Password1234!')).toEqual(['must not be a commonly used password']);
    expect(await messages('Zephyrine-Otter-41')).toEqual(['must not contain your name or e-mail address']);
    expect(await messages('Example-Otter-41')).toEqual(['must not contain your name or e-mail address']);
    expect(code(await reset(token))).toBe('204');
  });

  it.each<[string, object, string]>([
    ['a password of 2,000 characters', { token: 'x', newPassword: 'Aa1!'.repeat(500) }, '400 invalid_request'],
    ['a null byte', { token: 'x', newPassword: 'Brisk-Otter-41\0' }, '400 invalid_text'],
    ['a lone surrogate', { token: 'x', newPassword: 'Brisk-Otter-41\ud800' }, '400 invalid_text'],
    ['a null byte in the token', { token: 'x\0', newPassword: NEXT }, '400 invalid_text'],
    ['a token of 10,000 characters', { token: 'x'.repeat(10_000), newPassword: NEXT }, '413 payload_too_large'],
    ['an array as the token', { token: ['x'], newPassword: NEXT }, '400 invalid_request'],
  ])('rejects %s', async (_what, body, expected) => {
    expect(code(await client.post('/v1/auth/password/reset', body))).toBe(expected);
  });

  it('accepts any Unicode form of the new password', async () => {
    const { email } = await member();
    await reset(await tokenFor(email), 'Éclair-ﬁne-Otter-41');
    expect((await login(email, 'Éclair-ﬁne-Otter-41'.normalize('NFD'))).status).toBe(200);
    expect((await login(email, 'Éclair-fine-Otter-41')).status).toBe(200);
  });
});

describe('a request for a reset mail', () => {
  it('has the same response and audit events for known, unknown, passwordless, SSO, and former users', async () => {
    const ssoOnly = await harness.make.organization('gme');
    const sso = await harness.make.member(ssoOnly, 'trainee');
    await sql(`UPDATE organizations SET allowed_sign_in = '{saml}' WHERE id = $1`, [ssoOnly]);
    const ended = await member();
    await sql(`UPDATE memberships SET status = 'ended', ended_at = now() WHERE user_id = $1`, [ended.userId]);
    const withoutPassword = await member();
    await sql('DELETE FROM app_private.credentials WHERE user_id = $1', [withoutPassword.userId]);
    const addresses = {
      known: (await member()).email,
      unknown: `unknown-${newId()}@test.example`,
      withoutPassword: withoutPassword.email,
      sso: sso.email,
      ended: ended.email,
      nonsense: 'not an address',
    };
    const responses: unknown[] = [];
    for (const email of Object.values(addresses)) {
      const { status, text, headers } = await forgot(email);
      const events = await sql(
        `SELECT org_id, type, outcome, actor_type, target_id FROM audit_events WHERE request_id = $1`,
        [headers.get('x-request-id')],
      );
      responses.push({ status, text, headers: [...headers.keys()].toSorted(), events });
    }
    expect(responses).toEqual(responses.map(() => responses[0]));
    expect(responses[0]).toMatchObject({ status: 202, text: '' });
    await harness.settled();
    const subjects = await Promise.all(
      Object.entries(addresses).map(async ([kind, email]) => [
        kind,
        (await mailsTo(harness, email)).map(({ subject }) => subject),
      ]),
    );
    expect(Object.fromEntries(subjects)).toEqual({
      known: ['Set your password'],
      unknown: [],
      withoutPassword: ['Set your password'],
      sso: ['Sign in through your organization'],
      ended: [],
      nonsense: [],
    });
    expect(await sql('SELECT 1 FROM app_private.account_mails WHERE address IS NOT NULL')).toEqual([]);
    expect(code(await reset(await mailedToken(harness, withoutPassword.email)))).toBe('204');
    expect((await login(withoutPassword.email, NEXT)).status).toBe(200);
  });

  it('sends at most three mails an hour, also for concurrent requests, without revealing it', async () => {
    const { email } = await member();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => forgot(i % 2 === 0 ? email : ` ${email.toUpperCase()}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(202));
    await harness.settled();
    expect(await mailsTo(harness, email)).toHaveLength(3);
    await letTimePass('61 minutes');
    await forgot(email);
    await harness.settled();
    expect(await mailsTo(harness, email)).toHaveLength(4);
  });

  it('is rate-limited by account, known or not', async () => {
    for (const email of [(await member()).email, `unknown-${newId()}@test.example`]) {
      const answers: Answer[] = [];
      for (let i = 0; i < 11; i += 1) answers.push(await forgot(email));
      expect(answers.map(code)).toEqual([...Array<string>(10).fill('202'), '429 too_many_requests']);
    }
  });

  it('has no effect when the organization has disabled passwords in the meantime', async () => {
    const other = await harness.make.organization('gme');
    const { email } = await harness.make.member(other, 'trainee');
    const token = await tokenFor(email);
    await sql(`UPDATE organizations SET allowed_sign_in = '{saml}' WHERE id = $1`, [other]);
    expect(code(await reset(token))).toBe('404 token_invalid');
  });
});

describe('the e-mail address of a signed-in user', () => {
  const proven = async ({ userId }: Member) =>
    (await sql<{ at: Date | null }>('SELECT email_proven_at AS at FROM users WHERE id = $1', [userId]))[0]!.at !== null;

  it("is verified by the link of a mail, also if sent twice, and only in the user's session", async () => {
    const [mine, other] = [await member(), await member()];
    const [session, others] = [await harness.signIn(mine.email), await harness.signIn(other.email)];
    expect((await session.post('/v1/auth/email/verify/request')).status).toBe(202);
    const token = await mailedToken(harness, mine.email);
    expect((await mailsTo(harness, mine.email)).at(-1)!.text.split(/\r?\n/)).toContain(
      `${harness.env.PUBLIC_URL}/account/verify#token=${token}`,
    );
    expect(code(await others.post('/v1/auth/email/verify', { token }))).toBe('404 token_invalid');
    expect([await proven(mine), await proven(other)]).toEqual([false, false]);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => session.post('/v1/auth/email/verify', { token })),
    );
    expect(answers.map(code)).toEqual(Array<string>(5).fill('204'));
    expect([await proven(mine), await proven(other)]).toEqual([true, false]);
  });

  it('is not verified after a day', async () => {
    const mine = await member();
    const session = await harness.signIn(mine.email);
    await session.post('/v1/auth/email/verify/request');
    const token = await mailedToken(harness, mine.email);
    await letTimePass('25 hours');
    expect(code(await session.post('/v1/auth/email/verify', { token }))).toBe('404 token_invalid');
    expect(await proven(mine)).toBe(false);
  });
});

describe('a sign-in lock', () => {
  it('sends one mail to the address and does not affect open sessions', async () => {
    const { email } = await member();
    const session = await harness.signIn(email);
    for (let i = 0; i < 8; i += 1) await login(email, 'Wrong-Password-1');
    await harness.settled();
    expect((await mailsTo(harness, email)).map(({ subject }) => subject)).toEqual(['Sign-in is locked for 15 minutes']);
    expect((await session.get('/v1/auth/me')).status).toBe(200);
    await sql(
      `UPDATE app_private.sign_in_locks SET last_at = last_at - interval '16 minutes',
         locked_until = locked_until - interval '16 minutes'`,
    );
    for (let i = 0; i < 5; i += 1) await login(email, 'Wrong-Password-1');
    await harness.settled();
    expect(await mailsTo(harness, email)).toHaveLength(2);
  });
});

describe('counters of failures, locks, and mails', () => {
  it('are deleted every hour when they have expired, and current ones are kept', async () => {
    const [old, fresh] = [`old-${newId()}@test.example`, `fresh-${newId()}@test.example`];
    for (const email of [old, fresh]) {
      await login(email, 'Wrong-Password-1');
      await forgot(email);
    }
    await harness.settled();
    await sql(
      `UPDATE app_private.sign_in_locks SET last_at = last_at - interval '61 minutes' WHERE lockout_key = sha256($1)`,
      [Buffer.from(old)],
    );
    await sql(
      `UPDATE app_private.account_mails SET requested_at = requested_at - interval '49 hours'
       WHERE lockout_key = sha256($1)`,
      [Buffer.from(old)],
    );
    harness.advance(3_600);
    await harness.tick();
    await harness.settled();
    const countRows = async (table: string) =>
      Promise.all(
        [old, fresh].map(
          async (email) =>
            (await sql(`SELECT 1 FROM app_private.${table} WHERE lockout_key = sha256($1)`, [Buffer.from(email)]))
              .length,
        ),
      );
    expect([await countRows('sign_in_locks'), await countRows('account_mails')]).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });
});

describe('the token of a mail', () => {
  it('is only in the mail: not in the database, the outbox, a log line, or a response', async () => {
    const { email } = await member();
    const answer = await client.post(`${api.url}/v1/auth/password/forgot`, { email });
    const token = await mailedToken(harness, email);
    const used = await client.post(`${api.url}/v1/auth/password/reset`, { token, newPassword: NEXT });
    expect(used.status).toBe(204);
    const tables = await sql<{ name: string }>(
      `SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname IN ('public', 'app_private')`,
    );
    const dump = JSON.stringify(
      await Promise.all(tables.map(({ name }) => sql(`SELECT t::text AS line FROM ${name} t`))),
    );
    const texts = [dump, answer.text, used.text, ...api.lines, ...worker.lines];
    const encodings = [token, token.slice(-43), Buffer.from(token).toString('hex')];
    expect(texts.filter((text) => encodings.some((form) => text.includes(form)))).toEqual([]);
    expect([...api.lines, ...worker.lines].filter((line) => line.includes(email))).toEqual([]);
    expect(dump).toContain(email); // proves that the dump was searched
  });

  it('cannot be created, read, or replaced by SQL in a session of the API', async () => {
    const victim = await member();
    await tokenFor(victim.email);
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    const director = await harness.make.member(org, 'program_director');
    await raw.enter(sessionSecret(await harness.signIn(director.email)));
    for (const statement of [
      'SELECT * FROM app_private.account_mails',
      `UPDATE app_private.account_mails SET token_hash = sha256('x')`,
      `SELECT app.issue_account_token(gen_random_uuid(), sha256('x'), 30)`,
      'SELECT * FROM app.resolve_account_mail(gen_random_uuid())',
      `SELECT app_private.consume_account_token('reset', 'x')`,
      `SELECT app_private.request_account_mail('verify', '${victim.email}', '${victim.userId}')`,
      'SELECT app.sweep_sign_in()',
      `SELECT app_private.store_password('${victim.userId}', NULL, NULL, NULL, false)`,
      `INSERT INTO outbox (org_id, id, job, group_key, payload, request_id)
         VALUES ('${org}', gen_random_uuid(), 'account.mail', '${org}:x', '{}', 'x')`,
    ])
      expect([statement, (await raw.attempt(statement)).code]).toEqual([statement, '42501']);
    await raw.end();
  });
});
