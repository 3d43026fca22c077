import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { Directory, makeOrganization } from '../harness/directory.js';

jest.setTimeout(60_000);

const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

let harness: Harness;
let org: string;
let director: Client;
let connectionId: string;
let directory: Directory;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  ({ org, director, connectionId, directory } = await makeOrganization(harness));
});
afterAll(() => harness.stop());

describe('tokens', () => {
  it('are two at once, shown once, and end at the next request', async () => {
    const { director: lead, connectionId: id, directory: first } = await makeOrganization(harness);
    const second = await Directory.of(harness, lead, id);
    expect((await lead.post(`/v1/sso/connections/${id}/scim-tokens`, { expiresInDays: 30 })).body.code).toBe(
      'scim_token_limit_reached',
    );
    const { items } = (await lead.get(`/v1/sso/connections/${id}/scim-tokens`)).body;
    expect(items).toHaveLength(2);
    expect(JSON.stringify(items)).not.toContain(second.token);
    expect([(await first.get('Users')).status, (await second.get('Users')).status]).toEqual([200, 200]);
    await lead.delete(`/v1/sso/connections/${id}/scim-tokens/${items[1].id}`);
    expect([(await first.get('Users')).status, (await second.get('Users')).status]).toEqual([401, 200]);
    await Directory.of(harness, lead, id); // there is room again
    const logged = await harness.database.superuser(
      `SELECT meta ->> 'reason' AS reason FROM audit_events WHERE type = 'scim.token_rejected' AND target_id = $1`,
      [items[1].id],
    );
    expect(logged).toEqual([{ reason: 'revoked' }]);
  });

  it.each<[string, string]>([
    [
      'its time is over',
      `UPDATE scim_tokens SET created_at = now() - interval '30 days', expires_at = now() - interval '1 second'
         WHERE connection_id = $1`,
    ],
    ['the connection is off', 'UPDATE sso_connections SET enabled = false WHERE id = $1'],
    ['the connection is gone', 'DELETE FROM sso_connections WHERE id = $1'],
    [
      'the organization is suspended',
      `UPDATE organizations SET status = 'suspended' WHERE id = (SELECT org_id FROM sso_connections WHERE id = $1)`,
    ],
  ])('are refused with the next request when %s', async (_what, sql) => {
    const made = await makeOrganization(harness);
    expect((await made.directory.get('Users')).status).toBe(200);
    await harness.database.superuser(sql, [made.connectionId]);
    const { status, body, headers } = await made.directory.get('Users');
    expect([status, body.schemas, headers.get('www-authenticate')]).toEqual([401, [ERROR], 'Bearer']);
  });

  it('are made by operators too', async () => {
    const made = await makeOrganization(harness);
    const run = promisify(execFile);
    const { stdout } = await run(
      process.execPath,
      ['dist/src/cli.js', 'scim', 'token', '--connection', made.connectionId, '--json'],
      { env: { ...harness.env, PATH: process.env['PATH'] } },
    );
    const { token, baseUrl } = JSON.parse(stdout) as { token: string; baseUrl: string };
    expect(baseUrl).toBe('http://127.0.0.1:3000/scim/v2');
    expect((await new Directory(harness.client(), token).get('Users')).status).toBe(200);
  });

  it('open nothing but SCIM, and nothing else opens SCIM', async () => {
    const auth = { headers: { authorization: `Bearer ${directory.token}` } };
    for (const path of ['/v1/people', '/v1/memberships', '/v1/audit', '/v1/auth/me'])
      expect((await harness.client().get(path, auth)).status).toBe(401);
    const {
      body: { key },
    } = await director.post('/v1/api-keys', { name: 'Synthetic', permissions: ['membership:read'], expiresInDays: 1 });
    expect((await harness.client().get('/scim/v2/Users', { headers: { authorization: `Bearer ${key}` } })).status).toBe(
      401,
    );
    expect((await director.get('/scim/v2/Users')).status).toBe(401);
  });

  it('leave an entry for every access', async () => {
    const id = await directory.create('Users', { userName: 'somebody@dir.example' });
    for (const answer of [
      await directory.get(`Users/${id}`),
      await directory.get('Users'),
      await directory.patch(`Users/${id}`, [{ op: 'replace', path: 'displayName', value: 'x' }]),
    ]) {
      const entries = await harness.database.superuser(
        'SELECT actor_type, actor_id FROM audit_events WHERE org_id = $1 AND request_id = $2',
        [org, answer.headers.get('x-request-id')],
      );
      expect(entries).toEqual([{ actor_type: 'source', actor_id: connectionId }]);
    }
  });
});
