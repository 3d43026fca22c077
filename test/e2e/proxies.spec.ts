import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/platform/clock/id.js';
import { startCaptured, type CapturedApi } from '../contract/captured.js';
import { Harness } from '../harness/app.js';
import { Client } from '../harness/client.js';
import { Factories, type Member } from '../harness/factories.js';
import { spellingsOf } from '../harness/ip-spellings.js';
import { KeyClient, madeKey } from '../harness/keys.js';

let harness: Harness;
let orgId: string;
let director: Client;
let member: Member;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false, env: { TRUST_PROXY: 'loopback' } });
  orgId = await harness.make.organization('gme');
  director = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
  member = await harness.make.member(orgId, 'mentor');
});
afterAll(() => harness.stop());

const sql = (text: string, ...values: unknown[]) => harness.database.superuser<{ ip: string | null }>(text, values);
const from = (forwarded: string) => ({ headers: { 'x-forwarded-for': forwarded } });
const signIn = (url: string, forwarded: string, email = member.email) =>
  new Client(url).post('/v1/auth/login', { email, password: Factories.PASSWORD }, from(forwarded));
const forgot = (forwarded: string) =>
  new Client(harness.url).post('/v1/auth/password/forgot', { email: `${newId()}@test.example` }, from(forwarded));

describe.each([
  ['IPv4', '203.0.113.7', '203.0.113.0/24', '198.51.100.0/24'],
  ['IPv6', '2001:db8:7::7', '2001:db8:7::/48', '2001:db8:8::/48'],
])('an %s address in each spelling of a proxy', (_version, ip, own, other) => {
  const spellings = Object.entries(spellingsOf(ip));

  it('is one IP in the session and in the audit log', async () => {
    for (const [name, spelling] of spellings) {
      const answer = await signIn(harness.url, spelling);
      expect([name, answer.status]).toEqual([name, 200]);
      const sessions = await sql(
        'SELECT host(ip) AS ip FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1',
        member.userId,
      );
      expect([name, sessions]).toEqual([name, [{ ip }]]);
      const log = await director.get(`/v1/audit?type=auth.signed_in&limit=1`);
      expect([name, log.body.items[0].ip]).toEqual([name, ip]);
    }
  });

  it('is one IP for the range of a key', async () => {
    const inside = await madeKey(director, ['person:read'], { allowedRanges: [own] });
    const outside = await madeKey(director, ['person:read'], { allowedRanges: [other] });
    for (const [name, spelling] of spellings) {
      const answers = [inside, outside].map(({ key }) => new KeyClient(harness.url, key, spelling).get('/v1/people'));
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect([name, ...statuses]).toEqual([name, 200, 403]);
    }
  });

  it('shares one rate limit', async () => {
    const statuses = new Map<number, number>();
    for (let i = 0; i < 65; i += 1) {
      const { status } = await forgot(spellings[i % spellings.length]![1]);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 202: 60, 429: 5 });
  });
});

describe('an address', () => {
  it('that a proxy does not report readably is rejected, so that clients do not share a limit', async () => {
    for (const forwarded of ['unknown', '_hidden', '999.1.1.1', 'a'.repeat(3_000)]) {
      const { status, body } = await signIn(harness.url, forwarded);
      expect([forwarded.slice(0, 20), status, body.code]).toEqual([
        forwarded.slice(0, 20),
        400,
        'client_ip_unreadable',
      ]);
    }
  });

  it('in a mapped range of a key is the IPv4 address', async () => {
    const { key, allowedRanges } = await madeKey(director, ['person:read'], { allowedRanges: ['::ffff:10.0.0.0/104'] });
    expect(allowedRanges).toEqual(['10.0.0.0/8']);
    expect((await new KeyClient(harness.url, key, '10.9.8.7:1234').get('/v1/people')).status).toBe(200);
  });

  it('in Forwarded, X-Real-IP, or an untrusted entry has no effect', async () => {
    const { key } = await madeKey(director, ['person:read'], { allowedRanges: ['10.0.0.0/8'] });
    const cases: Record<string, string>[] = [
      { 'x-forwarded-for': '10.0.0.1, 203.0.113.7' },
      { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=10.0.0.1', 'x-real-ip': '10.0.0.1' },
    ];
    for (const headers of cases) {
      const { status, body } = await new KeyClient(harness.url, key).get('/v1/people', { headers });
      expect([status, body.code]).toEqual([403, 'ip_not_allowed']);
    }
  });
});

describe('a client in a private network', () => {
  let counted: CapturedApi;
  beforeAll(async () => {
    counted = await startCaptured(harness, { TRUST_PROXY: '1' });
  });
  afterAll(() => counted.stop());

  it.each([
    ['named proxies', () => harness.url],
    ['a number of proxies', () => counted.url],
  ])('cannot choose its address behind %s', async (_how, url) => {
    const answer = await signIn(url(), '203.0.113.99, 10.1.2.3');
    expect(answer.status).toBe(200);
    const sessions = await sql(
      'SELECT host(ip) AS ip FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1',
      member.userId,
    );
    expect(sessions).toEqual([{ ip: '10.1.2.3' }]);
  });
});
