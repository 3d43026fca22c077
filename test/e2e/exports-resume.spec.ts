import { createHash } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { exported, type ExportView } from '../harness/exports.js';
import type { Member } from '../harness/factories.js';
import { until } from '../harness/until.js';

const PEOPLE = 30_000;
const linkExpired = { status: 410, body: { code: 'export_link_expired' } };

let harness: Harness;
let member: Member;
let director: Client;
let file: ExportView;

beforeAll(async () => {
  harness = await Harness.start();
  const orgId = await harness.make.organization('gme');
  await harness.database.superuser(
    `INSERT INTO people (org_id, id, kind, given_name, family_name)
     SELECT $1, gen_random_uuid(), 'trainee', 'Synthetic', 'Person ' || n FROM generate_series(1, $2::integer) n`,
    [orgId, PEOPLE],
  );
  member = await harness.make.member(orgId, 'program_director');
  director = await harness.signIn(member.email);
});
beforeEach(async () => {
  file = await exported(director, { kind: 'people_csv' });
});
afterAll(() => harness.stop());

/** Starts a download and drops the connection after the first bytes. Returns these bytes and the response. */
async function interrupted(url: string): Promise<{ bytes: Buffer; response: IncomingMessage }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(new URL(url, harness.url), { headers: { cookie: director.cookieHeader } }, resolve).on('error', reject);
  });
  const bytes = await new Promise<Buffer>((resolve) => response.once('data', resolve));
  response.destroy();
  return { bytes, response };
}

const ranged = (
  client: Client,
  from: ExportView,
  range: string,
  headers: Record<string, string> = {},
): Promise<Answer> => client.get(from.url!, { headers: { range, ...headers } });
const downloads = () =>
  harness.database.superuser(
    `SELECT meta FROM audit_events WHERE type = 'export.downloaded' AND target_id = $1 ORDER BY occurred_at, id`,
    [file.id],
  );
const linkEnds = (id: string) =>
  until('the link has ended', async () => {
    const [row] = await harness.database.superuser('SELECT token_hash FROM exports WHERE id = $1', [id]);
    return row!.token_hash === null;
  });

describe('an interrupted download', () => {
  it('is continued by the same session, until it is complete', async () => {
    const { bytes, response } = await interrupted(file.url!);
    expect(response.headers).toMatchObject({ 'accept-ranges': 'bytes', etag: `"${file.sha256}"` });
    const rest = await ranged(director, file, `bytes=${bytes.length}-`, { 'if-range': response.headers.etag! });
    expect(rest.status).toBe(206);
    expect(Object.fromEntries(rest.headers)).toMatchObject({
      'content-range': `bytes ${bytes.length}-${file.bytes! - 1}/${file.bytes}`,
      'content-length': String(file.bytes! - bytes.length),
      'content-type': 'text/csv; charset=utf-8',
      'cache-control': 'no-store',
      etag: `"${file.sha256}"`,
    });
    expect(createHash('sha256').update(bytes).update(rest.body).digest('hex')).toBe(file.sha256);
    await linkEnds(file.id);
    expect(await ranged(director, file, 'bytes=1-')).toMatchObject(linkExpired);
    const { meta } = (await downloads())[0]!;
    expect(await downloads()).toEqual([{ meta }, { meta: { ...meta, resumedFrom: bytes.length } }]);
    expect(meta).toEqual({ kind: 'people_csv', rows: PEOPLE, bytes: file.bytes });
  });

  it('is continued in several parts', async () => {
    const half = Math.floor(file.bytes! / 2);
    const parts = [
      await ranged(director, file, `bytes=0-${half - 1}`),
      await ranged(director, file, `bytes=${half}-${half + 9}`),
      await ranged(director, file, `bytes=${half + 10}-`),
    ];
    expect(parts.map(({ status }) => status)).toEqual([206, 206, 206]);
    const digest = parts.reduce((hash, { body }) => hash.update(body), createHash('sha256')).digest('hex');
    expect(digest).toBe(file.sha256);
    await linkEnds(file.id);
  });

  it('cannot start again from the first byte', async () => {
    await interrupted(file.url!);
    for (const range of ['bytes=0-', 'bytes=0-9', 'bytes=-99999999', 'bytes=0-1,5-6', 'lines=5-'])
      expect(await ranged(director, file, range)).toMatchObject(linkExpired);
    expect(await director.get(file.url!)).toMatchObject(linkExpired);
    expect(await ranged(director, file, 'bytes=9-', { 'if-range': '"other"' })).toMatchObject(linkExpired);
    expect((await ranged(director, file, 'bytes=9-19')).status).toBe(206);
  });

  it('cannot be continued by another session, by another member, or without a session', async () => {
    await interrupted(file.url!);
    const colleague = await harness.signIn((await harness.make.member(member.orgId, 'program_director')).email);
    expect(await ranged(await harness.signIn(member.email), file, 'bytes=9-')).toMatchObject(linkExpired);
    expect((await ranged(colleague, file, 'bytes=9-')).status).toBe(404);
    expect((await ranged(harness.client(), file, 'bytes=9-')).status).toBe(401);
    expect((await ranged(director, file, 'bytes=9-19')).status).toBe(206);
  });

  it('cannot be continued after the link has expired', async () => {
    await interrupted(file.url!);
    await harness.database.superuser(
      `UPDATE exports SET token_expires_at = now() - interval '1 second' WHERE id = $1`,
      [file.id],
    );
    expect(await ranged(director, file, 'bytes=9-')).toMatchObject(linkExpired);
  });

  it('keeps the file until the link expires', async () => {
    await interrupted(file.url!);
    const [row] = await harness.database.superuser(
      'SELECT state, expires_at = token_expires_at AS same, expires_at > now() AS kept FROM exports WHERE id = $1',
      [file.id],
    );
    expect(row).toEqual({ state: 'downloaded', same: true, kept: true });
  });
});

it('a range after the end of the file is rejected and does not use the link', async () => {
  const past = await ranged(director, file, `bytes=${file.bytes}-`);
  expect(past).toMatchObject({ status: 416, body: { code: 'range_not_satisfiable' } });
  expect(past.headers.get('content-range')).toBe(`bytes */${file.bytes}`);
  expect((await director.get(file.url!)).status).toBe(200);
});

it('a complete download ends the link, so that retention may remove the file', async () => {
  await director.get(file.url!);
  await linkEnds(file.id);
  const [row] = await harness.database.superuser('SELECT expires_at <= now() AS due FROM exports WHERE id = $1', [
    file.id,
  ]);
  expect(row).toEqual({ due: true });
});
