import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { Directory } from '../harness/directory.js';
import { IdentityProvider, signInBySaml } from '../harness/identity-provider.js';
import { anotherApi, Listening } from '../harness/subscriptions.js';

const MENTOR = 'mentor@gme.example';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';

let harness: Harness;
let provider: IdentityProvider;
let second: Awaited<ReturnType<typeof anotherApi>>;
let subscriptions: Listening;

beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start({ takeJobs: false }), IdentityProvider.start()]);
  second = await anotherApi(harness);
  subscriptions = new Listening(harness);
});
afterAll(async () => {
  subscriptions.closeAll();
  await second.app.close();
  await Promise.all([harness.stop(), provider.stop()]);
});

/** An organization whose SCIM directory has one member, who signed in through the same connection. */
interface Scene {
  org: string;
  director: Client;
  connectionId: string;
  directory: Directory;
  id: string;
  client: Client;
  signInAnswer: Answer;
}

async function makeScene({
  defaultRole = 'trainee',
  email = MENTOR,
  groups = [] as string[],
}: { defaultRole?: string | null; email?: string; groups?: string[] } = {}): Promise<Scene> {
  const org = await harness.make.organization('gme');
  const director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
  const metadata = await provider.metadata();
  const { id: connectionId } = await harness.operator.within(org, () =>
    harness.operator.app.get(SsoSetupService).create({
      name: 'Test',
      metadata,
      ...(defaultRole !== null && { defaultRole }),
      groupRoles: [
        { group: 'Directors', role: 'program_director' },
        { group: 'ext-mentors', role: 'mentor' },
      ],
    }),
  );
  const directory = await Directory.of(harness, director, connectionId);
  const id = await directory.create('Users', {
    schemas: [USER],
    userName: email,
    externalId: 'x',
    displayName: 'Synthetic Provisioned',
  });
  for (const displayName of groups)
    await directory.create('Groups', {
      displayName,
      externalId: `ext-${displayName.toLowerCase()}`,
      members: [{ value: id }],
    });
  const client = harness.client();
  return {
    org,
    director,
    connectionId,
    directory,
    id,
    client,
    signInAnswer: await signInBySaml(provider, client, connectionId, email),
  };
}

const membershipOf = async ({ org }: Scene, id: string) =>
  (
    await harness.database.superuser<{ status: string; role: string }>(
      'SELECT status, role FROM memberships WHERE org_id = $1 AND id = $2',
      [org, id],
    )
  )[0];
const statusesOf = async (client: Client) =>
  (await Promise.all([harness.url, second.url].map((url) => client.at(url).get('/v1/auth/me')))).map(
    ({ status }) => status,
  );
const events = async ({ org }: Scene, type: string) =>
  (
    await harness.database.superuser<{ meta: Record<string, unknown> }>(
      'SELECT meta FROM audit_events WHERE org_id = $1 AND type = $2 ORDER BY occurred_at, id',
      [org, type],
    )
  ).map(({ meta }) => meta);

describe('a member whom the directory created', () => {
  it("signs in through the same connection as that member, with the role of the directory's groups", async () => {
    const scene = await makeScene({ groups: ['Mentors'] });
    expect(scene.signInAnswer.status).toBe(303);
    expect((await scene.client.get('/v1/auth/me')).body).toMatchObject({ role: 'mentor', user: { email: MENTOR } });
    expect(
      await harness.database.superuser(
        `SELECT id FROM memberships WHERE org_id = $1 AND status = 'active' AND role <> 'program_director'`,
        [scene.org],
      ),
    ).toEqual([{ id: scene.id }]);
    expect(await events(scene, 'sso.role_synced')).toEqual([]);
    expect((await signInBySaml(provider, harness.client(), scene.connectionId, MENTOR)).status).toBe(303);
    expect(await membershipOf(scene, scene.id)).toEqual({ status: 'active', role: 'mentor' });
  });

  it('is matched by the latest e-mail address of the directory, and gets no second account', async () => {
    const scene = await makeScene({ email: 'trainee@gme.example' });
    const id = await scene.directory.create('Users', { userName: 'before@dir.example' });
    await scene.directory.patch(`Users/${id}`, [
      { op: 'replace', path: 'emails[type eq "work"].value', value: MENTOR },
    ]);
    const client = harness.client();
    await signInBySaml(provider, client, scene.connectionId, MENTOR);
    expect((await client.get('/v1/auth/me')).status).toBe(200);
    expect(
      (await harness.database.superuser('SELECT membership_id FROM sso_identities WHERE org_id = $1', [scene.org])).map(
        ({ membership_id: m }) => m,
      ),
    ).toContain(id);
    expect(
      await harness.database.superuser('SELECT count(*)::int AS n FROM memberships WHERE org_id = $1', [scene.org]),
    ).toEqual([{ n: 3 }]);
  });

  it('who first signed in through SSO is linked and remains the same member', async () => {
    const scene = await makeScene({ email: 'trainee@gme.example' });
    await signInBySaml(provider, harness.client(), scene.connectionId, MENTOR);
    const [{ membership_id: before }] = (await harness.database.superuser<{ membership_id: string }>(
      'SELECT membership_id FROM sso_identities WHERE org_id = $1 AND membership_id <> $2',
      [scene.org, scene.id],
    )) as [{ membership_id: string }];
    expect(await scene.directory.create('Users', { userName: MENTOR })).toBe(before);
    expect(await events(scene, 'scim.user_linked')).toHaveLength(1);
  });
});

const DEACTIVATIONS: Record<string, (scene: Scene) => Promise<Answer>> = {
  'PATCH without a path': ({ directory, id }) =>
    directory.patch(`Users/${id}`, [{ op: 'replace', value: { active: false } }]),
  'PATCH with "False"': ({ directory, id }) =>
    directory.patch(`Users/${id}`, [{ op: 'Replace', path: 'active', value: 'False' }]),
  PUT: ({ directory, id }) =>
    directory.send('PUT', `Users/${id}`, { schemas: [USER], userName: MENTOR, active: false }),
  DELETE: ({ directory, id }) => directory.send('DELETE', `Users/${id}`),
};

describe.each(Object.entries(DEACTIVATIONS))('deactivation by %s', (_what, end) => {
  it('ends membership, sessions, keys, and streams in every process, and rejects the next sign-in', async () => {
    const scene = await makeScene({ groups: ['Directors'] });
    const {
      body: { key },
    } = await scene.client.post('/v1/api-keys', {
      name: 'Synthetic',
      permissions: ['membership:read'],
      expiresInDays: 1,
    });
    const byKey = () => harness.client().get('/v1/memberships', { headers: { authorization: `Bearer ${key}` } });
    const streams = [
      await subscriptions.open({ client: scene.client }),
      await subscriptions.open({ client: scene.client }, { url: second.url }),
    ];
    expect([await statusesOf(scene.client), (await byKey()).status]).toEqual([[200, 200], 200]);
    expect((await end({ ...scene, directory: scene.directory.at(second.url) })).status).toBeLessThan(300);
    expect([await statusesOf(scene.client), (await byKey()).status]).toEqual([[401, 401], 401]);
    await Promise.all(streams.map((stream) => stream.ended()));
    expect((await signInBySaml(provider, harness.client(), scene.connectionId, MENTOR)).status).toBe(403);
    expect(await membershipOf(scene, scene.id)).toMatchObject({ status: 'ended' });
    expect(await events(scene, 'scim.user_deactivated')).toEqual([
      { reason: _what === 'DELETE' ? 'deleted' : 'inactive' },
    ]);
  });
});

describe('the groups of the directory', () => {
  it('change the role on joining and leaving, and end the sessions each time', async () => {
    const scene = await makeScene();
    const { directory, id, client } = scene;
    expect(await membershipOf(scene, id)).toEqual({ status: 'active', role: 'trainee' });
    const group = await directory.create('Groups', { displayName: 'Directors', members: [{ value: id }] });
    expect([await membershipOf(scene, id), await statusesOf(client)]).toEqual([
      { status: 'active', role: 'program_director' },
      [401, 401],
    ]);
    const again = harness.client();
    await signInBySaml(provider, again, scene.connectionId, MENTOR);
    expect((await again.get('/v1/auth/me')).body.role).toBe('program_director');
    await directory.patch(`Groups/${group}`, [{ op: 'remove', path: `members[value eq "${id}"]` }]);
    expect([await membershipOf(scene, id), await statusesOf(again)]).toEqual([
      { status: 'active', role: 'trainee' },
      [401, 401],
    ]);
    expect(await events(scene, 'scim.role_changed')).toEqual([
      { from: 'trainee', to: 'program_director' },
      { from: 'program_director', to: 'trainee' },
    ]);
  });

  it("match by name or id in the order of the connection's list, also after a rename", async () => {
    const scene = await makeScene({ groups: ['Mentors'] });
    const { directory, id } = scene;
    const other = await directory.create('Groups', { displayName: 'Others', members: [{ value: id }] });
    expect((await membershipOf(scene, id))!.role).toBe('mentor');
    await directory.patch(`Groups/${other}`, [{ op: 'replace', value: { displayName: 'Directors' } }]);
    expect((await membershipOf(scene, id))!.role).toBe('program_director');
    await directory.send('DELETE', `Groups/${other}`);
    expect((await membershipOf(scene, id))!.role).toBe('mentor');
  });

  it('without a default role, end a membership without a mapped group, which restarts with only its role', async () => {
    const scene = await makeScene({ defaultRole: null });
    const { directory, id, org } = scene;
    expect([scene.signInAnswer.status, (await membershipOf(scene, id))!.status]).toEqual([403, 'ended']);
    // The directory's own value; the missing role does not change it.
    expect((await directory.get(`Users/${id}`)).body.active).toBe(true);
    const group = await directory.create('Groups', {
      displayName: 'Mentors',
      externalId: 'ext-mentors',
      members: [{ value: id }],
    });
    expect(await membershipOf(scene, id)).toEqual({ status: 'active', role: 'mentor' });
    expect((await signInBySaml(provider, scene.client, scene.connectionId, MENTOR)).status).toBe(303);
    const person = await harness.make.person(org);
    await harness.make.assignment(org, id, person);
    await scene.director.put(`/v1/memberships/${id}/permissions/export:create`, { scope: 'org' });
    expect(await statusesOf(scene.client)).toEqual([200, 200]);
    await directory.patch(`Groups/${group}`, [{ op: 'replace', path: 'members', value: [] }]);
    expect([(await membershipOf(scene, id))!.status, await statusesOf(scene.client)]).toEqual(['ended', [401, 401]]);
    expect(await events(scene, 'scim.user_deactivated')).toEqual([{ reason: 'no_role' }]);
    await directory.patch(`Groups/${group}`, [{ op: 'add', path: 'members', value: [{ value: id }] }]);
    expect(await membershipOf(scene, id)).toEqual({ status: 'active', role: 'mentor' });
    expect(await harness.database.superuser('SELECT FROM member_overrides WHERE org_id = $1', [org])).toEqual([]);
    expect(
      await harness.database.superuser(
        'SELECT FROM assignments WHERE org_id = $1 AND (ends_at IS NULL OR ends_at > now())',
        [org],
      ),
    ).toEqual([]);
    expect(await statusesOf(scene.client)).toEqual([401, 401]);
  });

  it('do not reactivate a member whom the organization ended; only the active attribute does', async () => {
    const scene = await makeScene();
    const { director, directory, id } = scene;
    expect((await director.delete(`/v1/memberships/${id}`)).status).toBeLessThan(300);
    expect((await directory.get(`Users/${id}`)).body.active).toBe(false);
    await directory.create('Groups', { displayName: 'Directors', members: [{ value: id }] });
    expect((await membershipOf(scene, id))!.status).toBe('ended');
    expect((await directory.patch(`Users/${id}`, [{ op: 'replace', value: { active: true } }])).status).toBe(200);
    expect(await membershipOf(scene, id)).toEqual({ status: 'active', role: 'program_director' });
  });
});

describe('the last owner', () => {
  it('cannot be deactivated, deleted, or given another role: 409, and nothing changes', async () => {
    const scene = await makeScene({ groups: ['Directors'] });
    const { directory, id, org } = scene;
    const group = (await directory.find('Groups', 'displayName eq "Directors"')).body.Resources[0].id as string;
    const {
      body: { items },
    } = await scene.director.get('/v1/memberships');
    const founder = items.find((one: { id: string }) => one.id !== id).id as string;
    expect((await scene.client.delete(`/v1/memberships/${founder}`)).status).toBeLessThan(300);
    const attempts = [
      ...Object.values(DEACTIVATIONS).map((end) => () => end(scene)),
      () => directory.send('DELETE', `Groups/${group}`),
      () => directory.patch(`Groups/${group}`, [{ op: 'remove', path: 'members' }]),
    ];
    for (const attempt of attempts) {
      expect(await attempt()).toMatchObject({
        status: 409,
        body: { status: '409', detail: expect.stringMatching(/owner/) },
      });
      expect(await membershipOf(scene, id)).toEqual({ status: 'active', role: 'program_director' });
    }
    expect(await harness.database.superuser('SELECT active FROM scim_users WHERE org_id = $1', [org])).toEqual([
      { active: true },
    ]);
    expect((await scene.client.get('/v1/auth/me')).status).toBe(200);
  });
});

describe('concurrent changes by several processes', () => {
  it('have the same result as sequential changes', async () => {
    const scene = await makeScene();
    const group = await scene.directory.create('Groups', { displayName: 'Directors', members: [] });
    const ids = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        scene.directory
          .at(i % 2 === 0 ? harness.url : second.url)
          .create('Users', { userName: `many${i}@dir.example` }),
      ),
    );
    const answers = await Promise.all(
      ids.map((value, i) =>
        scene.directory
          .at(i % 2 === 0 ? harness.url : second.url)
          .patch(`Groups/${group}`, [{ op: 'add', path: 'members', value: [{ value }] }]),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    expect((await scene.directory.get(`Groups/${group}`)).body.members).toHaveLength(8);
    expect(
      await harness.database.superuser(
        `SELECT count(*)::int AS n FROM memberships WHERE org_id = $1 AND role = 'program_director'`,
        [scene.org],
      ),
    ).toEqual([{ n: 9 }]);
    const same = await Promise.all(
      [1, 2, 3, 4].map((i) =>
        scene.directory
          .at(i % 2 === 0 ? harness.url : second.url)
          .send('POST', 'Users', { userName: 'race@dir.example' }),
      ),
    );
    expect(same.map(({ status }) => String(status)).toSorted()).toEqual(['201', '409', '409', '409']);
  });
});
