import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { Directory, makeOrganization } from '../harness/directory.js';
import { runCli } from '../harness/processes.js';

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
  it('are limited to two, shown once, and revocable from the next request on', async () => {
    const { director: owner, connectionId: id, directory: first } = await makeOrganization(harness);
    const second = await Directory.of(harness, owner, id);
    expect((await owner.post(`/v1/sso/connections/${id}/scim-tokens`, { expiresInDays: 30 })).body.code).toBe(
      'scim_token_limit_reached',
    );
    const { items } = (await owner.get(`/v1/sso/connections/${id}/scim-tokens`)).body;
    expect(items).toHaveLength(2);
    expect(JSON.stringify(items)).not.toContain(second.token);
    expect([(await first.get('Users')).status, (await second.get('Users')).status]).toEqual([200, 200]);
    await owner.delete(`/v1/sso/connections/${id}/scim-tokens/${items[1].id}`);
    expect([(await first.get('Users')).status, (await second.get('Users')).status]).toEqual([401, 200]);
    await Directory.of(harness, owner, id); // a new token is possible again
    const auditEvents = await harness.database.superuser(
      `SELECT meta ->> 'reason' AS reason FROM audit_events WHERE type = 'scim.token_rejected' AND target_id = $1`,
      [items[1].id],
    );
    expect(auditEvents).toEqual([{ reason: 'revoked' }]);
  });

  it.each<[string, string]>([
    [
      'it has expired',
      `UPDATE scim_tokens SET created_at = now() - interval '30 days', expires_at = now() - interval '1 second'
         WHERE connection_id = $1`,
    ],
    ['the connection is disabled', 'UPDATE sso_connections SET enabled = false WHERE id = $1'],
    ['the connection is deleted', 'DELETE FROM sso_connections WHERE id = $1'],
    [
      'the organization is suspended',
      `UPDATE organizations SET status = 'suspended' WHERE id = (SELECT org_id FROM sso_connections WHERE id = $1)`,
    ],
  ])('are rejected from the next request on when %s', async (_what, sql) => {
    const other = await makeOrganization(harness);
    expect((await other.directory.get('Users')).status).toBe(200);
    await harness.database.superuser(sql, [other.connectionId]);
    const { status, body, headers } = await other.directory.get('Users');
    expect([status, body.schemas, headers.get('www-authenticate')]).toEqual([401, [ERROR], 'Bearer']);
  });

  it('can be created by operators', async () => {
    const other = await makeOrganization(harness);
    const { token, baseUrl } = await runCli(harness.env, ['scim', 'token', '--connection', other.connectionId]);
    expect(baseUrl).toBe('http://127.0.0.1:3000/scim/v2');
    expect((await new Directory(harness.client(), token!).get('Users')).status).toBe(200);
  });

  it('grant access to SCIM only, and no other credential does', async () => {
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

  it('record an audit event for every access', async () => {
    const id = await directory.create('Users', { userName: 'person@dir.example' });
    for (const answer of [
      await directory.get(`Users/${id}`),
      await directory.get('Users'),
      await directory.patch(`Users/${id}`, [{ op: 'replace', path: 'displayName', value: 'x' }]),
    ]) {
      const events = await harness.database.superuser(
        'SELECT actor_type, actor_id FROM audit_events WHERE org_id = $1 AND request_id = $2',
        [org, answer.headers.get('x-request-id')],
      );
      expect(events).toEqual([{ actor_type: 'source', actor_id: connectionId }]);
    }
  });
});
