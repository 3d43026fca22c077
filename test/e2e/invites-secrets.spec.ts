import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { SMTPServer } from 'smtp-server';
import { Passwords } from '../../src/modules/auth/passwords/passwords.js';
import { inviteKey, readInvite } from '../../src/modules/invites/invite-token.js';
import { startCaptured, startCapturedWorker, type CapturedApi } from '../contract/captured.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { readMail, type Mail } from '../harness/mail.js';
import { until } from '../harness/until.js';

const PASSWORD = 'Brisk-Otter-41';
const EMAIL = 'planted.invitee@hospital.example';
const NAME = 'Plantagenet Zephyrine';

let smtp: SMTPServer;
let harness: Harness;
let api: CapturedApi;
let worker: Awaited<ReturnType<typeof startCapturedWorker>>;
let org: string;
let director: Client;
let directorMember: Member;
let mails: Mail[] = [];
/** Runs while the mail server receives a mail, before it accepts the mail. */
let whileSending: (mail: Mail) => Promise<void> = async () => undefined;
let rejectRecipientWith: number | null = null;

beforeAll(async () => {
  smtp = await mailServer();
  harness = await Harness.start({
    takeJobs: false,
    env: { SMTP_URL: `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}` },
  });
  api = await startCaptured(harness);
  worker = await startCapturedWorker(harness);
  org = await harness.make.organization('gme');
  directorMember = await harness.make.member(org, 'program_director');
  director = await harness.signIn(directorMember.email);
});
beforeEach(() => {
  mails = [];
  whileSending = async () => undefined;
  rejectRecipientWith = null;
});
afterAll(async () => {
  await worker.stop();
  await api.stop();
  await harness.stop();
  await new Promise<void>((resolve) => smtp.close(resolve));
});

async function mailServer(): Promise<SMTPServer> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    closeTimeout: 10,
    onRcptTo: ({ address }, _session, done) =>
      rejectRecipientWith === null
        ? done()
        : done(Object.assign(new Error(`no mailbox ${address}`), { responseCode: rejectRecipientWith })),
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const mail = readMail(Buffer.concat(chunks).toString('latin1'));
        whileSending(mail).then(
          () => {
            mails.push(mail);
            done();
          },
          (error: Error) => done(error),
        );
      });
    },
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return server;
}

const tokenIn = ({ text }: Mail): string => /(?<=#token=)\S+/.exec(text)![0];
const sql = <R extends Record<string, any>>(text: string, values: unknown[] = []) =>
  harness.database.superuser<R>(text, values);
const invite = (email: string) => director.post(`${api.url}/v1/invites`, { email, name: NAME, role: 'trainee' });
const accept = (token: string) => harness.client().post(`${api.url}/v1/invites/accept`, { token, password: PASSWORD });

/** Returns all rows of all tables as text, including the secrets of the installation. */
async function dump(): Promise<string> {
  const tables = await sql<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname IN ('public', 'app_private')`,
  );
  const rows = await Promise.all(
    tables.map(({ name }) =>
      sql(`SELECT t::text AS line, CASE WHEN $1 THEN to_jsonb(t)::text END AS json FROM ${name} t`, [true]),
    ),
  );
  const text = JSON.stringify(rows);
  const bytea = text.matchAll(/\\+x((?:[0-9a-f]{2})+)/g); // Decodes hexadecimal bytes too.
  return text + [...bytea].map(([, hex = '']) => Buffer.from(hex, 'hex').toString('latin1')).join('\n');
}

/** Returns all Redis keys and values as text. */
async function redisDump(): Promise<string> {
  const redis = new Redis(harness.env.REDIS_URL!);
  const keys = await redis.keys('*');
  const values = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  redis.disconnect();
  return keys.join('\n') + values.map((value) => value?.toString('latin1') ?? '').join('\n');
}

describe('the token of an invite', () => {
  it('appears only in the mail: not in the database, Redis, a log line, or a response', async () => {
    const texts: string[] = [];
    whileSending = async () => void texts.push(await dump(), await redisDump());
    const { text } = await invite(EMAIL);
    await until('the mail arrived', () => mails.length === 1);
    await harness.settled();
    const token = tokenIn(mails[0]!);
    expect((await accept(token)).status).toBe(200);
    texts.push(
      text,
      (await director.get(`${api.url}/v1/invites`)).text,
      await dump(),
      await redisDump(),
      ...api.lines,
      ...worker.lines,
    );
    const [payload, signature] = token.split('.') as [string, string];
    const nonce = (JSON.parse(Buffer.from(payload, 'base64url').toString()) as string[]).at(-1)!;
    expect(readInvite(inviteKey(harness.env.JWT_SECRET!), token)).not.toBeNull();
    const secrets = [
      token,
      payload,
      signature,
      nonce,
      Buffer.from(signature, 'base64url').toString('hex'),
      Buffer.from(nonce, 'base64url').toString('hex'),
    ];
    expect(texts.filter((content) => secrets.some((secret) => content.includes(secret)))).toEqual([]);
    expect(texts[2]).toContain(EMAIL); // The dumps are not empty.
    expect(texts.some((line) => line.includes('"route":"/v1/invites/accept"'))).toBe(true);
  });

  it('is valid before the mail server accepts the mail, and no transaction waits for the server', async () => {
    let answer = 0;
    let waiting: unknown[] = [];
    whileSending = async (mail) => {
      waiting = await sql(
        `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
      );
      answer = (await accept(tokenIn(mail))).status;
    };
    await invite('quick@test.example');
    await until('the mail arrived', () => mails.length === 1);
    expect([answer, waiting]).toEqual([200, []]);
    await harness.settled();
  });

  it('leaves no e-mail address or name in the outbox, Redis, or logs', async () => {
    const outbox = await sql<{ line: string }>(`SELECT o::text AS line FROM outbox o WHERE job = 'invite.send'`);
    expect(outbox.length).toBeGreaterThan(0);
    const log = await sql<{ line: string }>(
      `SELECT e::text || convert_from(canonical, 'UTF8') AS line FROM audit_events e`,
    );
    const texts = [
      ...outbox.map(({ line }) => line),
      ...log.map(({ line }) => line),
      await redisDump(),
      ...api.lines,
      ...worker.lines,
    ];
    expect(texts.filter((text) => text.includes(EMAIL) || text.includes(NAME))).toEqual([]);
  });
});

describe('a mail server that rejects the recipient', () => {
  it('fails the job with an error code that does not contain the e-mail address', async () => {
    rejectRecipientWith = 550;
    const email = 'planted.refused@hospital.example';
    const { body } = await invite(email);
    await until(
      'the job has failed',
      async () =>
        (
          await sql(
            `SELECT 1 FROM outbox WHERE job = 'invite.send' AND state = 'failed' AND error_code = 'mail_rejected'
               AND payload ->> 'inviteId' = $1`,
            [body.id],
          )
        ).length === 1,
    );
    expect((await director.get(`${api.url}/v1/invites`)).body.items[0]).toMatchObject({
      id: body.id,
      status: 'pending',
      sentAt: null,
    });
    expect([...api.lines, ...worker.lines, await redisDump()].filter((text) => text.includes(email))).toEqual([]);
  });
});

describe('an invalid token', () => {
  it('costs one password hash, as a valid token does', async () => {
    await invite('cost@test.example');
    await until('the mail arrived', () => mails.length === 1);
    await harness.settled();
    const token = tokenIn(mails[0]!);
    const hashes = jest.spyOn(harness.api.get(Passwords), 'hash');
    for (const candidate of ['x', `${token}x`, token, token]) {
      hashes.mockClear();
      await harness.client().post('/v1/invites/accept', { token: candidate, password: PASSWORD });
      expect([candidate.length, hashes.mock.calls.length]).toEqual([candidate.length, 1]);
    }
    hashes.mockRestore();
  });
});

describe("SQL in a member's session", () => {
  it("cannot read or write a token digest or create an invite in another member's name", async () => {
    const second = await harness.make.member(org, 'program_director');
    const { body } = await invite('sql@test.example');
    await until('the mail arrived', () => mails.length === 1);
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.enter(sessionSecret(director));
    for (const statement of [
      'SELECT token_hash FROM invites',
      'SELECT * FROM invites',
      `UPDATE invites SET token_hash = sha256('x')`,
      'UPDATE invites SET invited_by = id',
      'DELETE FROM invites',
      `UPDATE invites SET email = 'thief@test.example'`,
      `UPDATE invites SET role = 'program_director'`,
      'UPDATE invites SET accepted_at = NULL',
      `INSERT INTO invites (org_id, id, email, name, role, invited_by, expires_at)
         VALUES ('${org}', gen_random_uuid(), 'a@test.example', 'A', 'trainee', '${second.membershipId}', now())`,
    ])
      expect([statement, (await raw.attempt(statement)).code]).toEqual([statement, '42501']);
    await raw.attempt(`UPDATE invites SET expires_at = now() + interval '1 day'`);
    const [stored] = (await raw.attempt(`SELECT invited_by FROM invites WHERE id = '${body.id}'`)).rows;
    expect(stored).toEqual({ invited_by: directorMember.membershipId });
    const [row] = await sql<{ hash: string; expires_at: Date }>(
      `SELECT encode(token_hash, 'hex') AS hash, expires_at FROM invites WHERE id = $1`,
      [body.id],
    );
    for (const token of [row!.hash, `\\x${row!.hash}`]) {
      const { rows } = await raw.attempt(
        'SELECT state FROM app.accept_own_invite($1, $2, $3, $4, $5, $6, gen_random_uuid())',
        [org, body.id, token, 'sql@test.example', 'trainee', row!.expires_at],
      );
      expect(rows).toEqual([{ state: 'superseded' }]);
    }
    await raw.end();
  });
});
