import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/platform/clock/id.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { exported } from '../harness/exports.js';
import type { Member } from '../harness/factories.js';
import { MANAGER_ROLES, type Preset, PRESETS } from '../../src/platform/feature/roles.js';

let harness: Harness;
let orgId: string;
let member: Member;
let director: Client;

beforeAll(async () => {
  harness = await Harness.start();
  orgId = await harness.make.organization('gme');
  await harness.make.person(orgId);
  member = await harness.make.member(orgId, 'program_director');
  director = await harness.signIn(member.email);
});
afterAll(() => harness.stop());

const linkExpired = { status: 410, body: { code: 'export_link_expired' } };

const EXPORT_ROLES: readonly string[] = MANAGER_ROLES;
const DOWNLOAD_ROLES = [...EXPORT_ROLES, 'staff', 'read_only'];
const ROLES = Object.entries(PRESETS).flatMap(([preset, roles]) =>
  Object.keys(roles).map((role): [Preset, string] => [preset as Preset, role]),
);

describe.each(ROLES)('in %s, the role %s', (preset, role) => {
  let client: Client;
  let personId: string;
  let caller: Member;
  beforeAll(async () => {
    const org = await harness.make.organization(preset);
    personId = await harness.make.person(org);
    caller = await harness.make.member(org, role, ['trainee', 'portal'].includes(role) ? { personId } : {});
    if (['mentor', 'member'].includes(role)) await harness.make.assignment(org, caller.membershipId, personId);
    client = await harness.signIn(caller.email);
  });
  const denials = async () => {
    const rows = await harness.database.superuser<{ permission: string }>(
      `SELECT meta ->> 'permission' AS permission FROM audit_events WHERE type = 'access.denied'
         AND outcome = 'denied' AND actor_id = $1 ORDER BY occurred_at, id`,
      [caller.userId],
    );
    return rows.map(({ permission }) => permission);
  };

  it(EXPORT_ROLES.includes(role) ? 'can export' : 'cannot export, and each attempt is recorded as denied', async () => {
    const [people, person, list] = [
      await client.post('/v1/exports', { kind: 'people_csv' }),
      await client.post('/v1/exports', { kind: 'person_pdf', personId }),
      await client.get('/v1/exports'),
    ];
    const expected = EXPORT_ROLES.includes(role) ? [202, 202, 200] : [403, 403, 403];
    expect([people.status, person.status, list.status]).toEqual(expected);
    if (!EXPORT_ROLES.includes(role))
      expect(await denials()).toEqual(['export:create', 'export:create', 'export:read']);
  });

  it(
    DOWNLOAD_ROLES.includes(role) ? 'can download but gets 404 for an unknown export' : 'cannot download',
    async () => {
      const { status } = await client.get(`/v1/exports/${newId()}/file?token=x`);
      expect(status).toBe(DOWNLOAD_ROLES.includes(role) ? 404 : 403);
    },
  );
});

describe('the download link', () => {
  it('works once', async () => {
    const { id, url } = await exported(director, { kind: 'people_csv' });
    expect((await director.get(url!)).status).toBe(200);
    expect(await director.get(url!)).toMatchObject(linkExpired);
    expect((await director.get(`/v1/exports/${id}`)).body).toMatchObject({ status: 'downloaded', url: null });
  });

  it('succeeds for one of many concurrent requests', async () => {
    const { id, url } = await exported(director, { kind: 'people_csv' });
    const answers = await Promise.all(Array.from({ length: 12 }, () => director.get(url!)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 11 }, () => 410),
    ]);
    expect(
      await harness.database.superuser(
        `SELECT id FROM audit_events WHERE type = 'export.downloaded' AND target_id = $1`,
        [id],
      ),
    ).toHaveLength(1);
  });

  it('is invalidated by the next link', async () => {
    const { id, url } = await exported(director, { kind: 'people_csv' });
    const { body } = await director.get(`/v1/exports/${id}`);
    expect(await director.get(url!)).toMatchObject(linkExpired);
    expect((await director.get(body.url)).status).toBe(200);
  });

  it('expires after fifteen minutes, and the export expires after a day', async () => {
    const { id, url } = await exported(director, { kind: 'people_csv' });
    const row = (
      await harness.database.superuser<{ minutes: string }>(
        'SELECT round(extract(epoch FROM token_expires_at - now()) / 60) AS minutes FROM exports WHERE id = $1',
        [id],
      )
    )[0];
    expect(Number(row!.minutes)).toBe(15);
    await harness.database.superuser(
      `UPDATE exports SET token_expires_at = now() - interval '1 second' WHERE id = $1`,
      [id],
    );
    expect(await director.get(url!)).toMatchObject(linkExpired);
    await harness.database.superuser(`UPDATE exports SET expires_at = now() - interval '1 second' WHERE id = $1`, [id]);
    expect((await director.get(`/v1/exports/${id}`)).body).toMatchObject({ status: 'expired', url: null });
  });

  it('requires the correct token', async () => {
    const { id, url } = await exported(director, { kind: 'people_csv' });
    for (const token of ['', 'x', `${url!.split('=')[1]}x`])
      expect(await director.get(`/v1/exports/${id}/file?token=${token}`)).toMatchObject(linkExpired);
    expect(await director.get(`/v1/exports/${id}/file`)).toMatchObject({ status: 400 });
    expect((await director.get(url!)).status).toBe(200);
  });

  it('is not consumed by a HEAD request', async () => {
    const { url } = await exported(director, { kind: 'people_csv' });
    const head = await fetch(new URL(url!, harness.url), {
      method: 'HEAD',
      headers: { cookie: director.cookieHeader },
    });
    expect([head.status, head.headers.get('allow')]).toEqual([405, 'GET']);
    expect((await director.get(url!)).status).toBe(200);
  });

  it('is rejected without a session', async () => {
    const { url } = await exported(director, { kind: 'people_csv' });
    expect(await harness.client().get(url!)).toMatchObject({ status: 401 });
    expect((await director.get(url!)).status).toBe(200);
  });

  it('is stored only as a digest', async () => {
    const { id, url } = await exported(director, { kind: 'people_csv' });
    const rows = await harness.database.superuser<{ line: string }>(
      'SELECT e::text AS line FROM exports e WHERE id = $1',
      [id],
    );
    expect(rows[0]!.line).not.toContain(url!.split('=')[1]);
  });

  it('is rejected after the member loses the permission to export', async () => {
    const other = await harness.make.member(orgId, 'program_director');
    const client = await harness.signIn(other.email);
    const { url } = await exported(client, { kind: 'people_csv' });
    await harness.database.superuser(
      `INSERT INTO member_overrides (org_id, membership_id, permission, scope)
         VALUES ($1, $2, 'export:create', 'none')`,
      [orgId, other.membershipId],
    );
    expect(await client.get(url!)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});

describe('another member', () => {
  it('of the organization can see the export but can neither get nor use a link', async () => {
    const { id, url } = await exported(director, { kind: 'people_csv' });
    const colleague = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
    const shown = await colleague.get(`/v1/exports/${id}`);
    expect(shown.body).toMatchObject({ id, status: 'ready', url: null, requestedBy: member.membershipId });
    expect((await colleague.get('/v1/exports?limit=1')).body).toMatchObject({ items: [{ id, url: null }] });
    expect(await colleague.get(url!)).toMatchObject({ status: 404 });
    expect((await director.get(url!)).status).toBe(200);
  });

  it('of another organization can neither see nor create exports of this organization', async () => {
    const { id, url } = await exported(director, { kind: 'people_csv' });
    const elsewhere = await harness.make.organization('workforce');
    const owner = await harness.signIn((await harness.make.member(elsewhere, 'owner')).email);
    const personId = await harness.make.person(orgId);
    expect(await owner.get(`/v1/exports/${id}`)).toMatchObject({ status: 404 });
    expect(await owner.get(url!)).toMatchObject({ status: 404 });
    expect((await owner.get('/v1/exports')).body).toEqual({ items: [], nextCursor: null });
    expect(await owner.post('/v1/exports', { kind: 'person_pdf', personId })).toMatchObject({ status: 404 });
    expect((await exported(owner, { kind: 'people_csv' })).progress.rows).toBe(0);
  });

  it('with a narrower scope can export the people in that scope but not the list', async () => {
    const [assigned, unassigned] = [await harness.make.person(orgId), await harness.make.person(orgId)];
    const mentor = await harness.make.member(orgId, 'mentor');
    await harness.make.assignment(orgId, mentor.membershipId, assigned);
    await harness.database.superuser(
      `INSERT INTO member_overrides (org_id, membership_id, permission, scope)
         VALUES ($1, $2, 'export:create', 'assigned'), ($1, $2, 'export:read', 'org')`,
      [orgId, mentor.membershipId],
    );
    const client = await harness.signIn(mentor.email);
    expect(await client.post('/v1/exports', { kind: 'people_csv' })).toMatchObject({ status: 403 });
    expect(await client.post('/v1/exports', { kind: 'person_pdf', personId: unassigned })).toMatchObject({
      status: 404,
    });
    expect(await exported(client, { kind: 'person_pdf', personId: assigned })).toMatchObject({ status: 'ready' });
  });
});

it('returns the exports in pages, newest first', async () => {
  const other = await harness.make.organization('workforce');
  const owner = await harness.signIn((await harness.make.member(other, 'owner')).email);
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.unshift((await owner.post('/v1/exports', { kind: 'people_csv' })).body.id);
  const first = (await owner.get('/v1/exports?limit=2')).body;
  const second = (await owner.get(`/v1/exports?limit=2&cursor=${first.nextCursor}`)).body;
  expect([...first.items, ...second.items].map(({ id }: { id: string }) => id)).toEqual(ids);
  expect(second.nextCursor).toBeNull();
});
