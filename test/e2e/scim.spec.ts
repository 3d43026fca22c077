import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import { makeOrganization, type Directory } from '../harness/directory.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

let harness: Harness;
let org: string;
let directory: Directory;
let count = 0;

/** Returns a name that no other test uses. */
const fresh = (word = 'person') => `${word}${(count += 1)}@dir.example`;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  ({ org, directory } = await makeOrganization(harness));
});
afterAll(() => harness.stop());

const memberOf = async (id: string) =>
  (
    await harness.database.superuser<{ status: string; role: string; name: string; email: string; user_id: string }>(
      `SELECT m.status, m.role, m.name, u.email, m.user_id FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.id = $1`,
      [id],
    )
  )[0];

describe('the requests that Okta documents', () => {
  const okta = (userName: string, more: object = {}) => ({
    schemas: [USER],
    userName,
    name: { givenName: 'Synthetic', familyName: 'Okta' },
    emails: [{ primary: true, value: userName, type: 'work' }],
    displayName: 'Synthetic Okta',
    locale: 'en-US',
    externalId: `00u${userName.length}${count}`,
    groups: [],
    password: 'Not-Kept-1',
    active: true,
    ...more,
  });

  it('finds no user, creates it, and finds it', async () => {
    const userName = fresh();
    const before = await directory.find('Users', `userName eq "${userName}"`, '&startIndex=1&count=100');
    expect(before).toMatchObject({
      status: 200,
      body: { schemas: [LIST], totalResults: 0, startIndex: 1, itemsPerPage: 0, Resources: [] },
    });
    const created = await directory.send('POST', 'Users', okta(userName));
    expect(created).toMatchObject({
      status: 201,
      body: {
        schemas: [USER],
        userName,
        active: true,
        name: { givenName: 'Synthetic', familyName: 'Okta' },
        emails: [{ primary: true, value: userName, type: 'work' }],
      },
    });
    expect(created.body.password).toBeUndefined();
    expect(created.headers.get('content-type')).toMatch(/^application\/scim\+json/);
    expect(created.headers.get('location')).toBe(created.body.meta.location);
    expect(created.headers.get('etag')).toBe(created.body.meta.version);
    expect((await directory.find('Users', `userName eq "${userName.toUpperCase()}"`)).body).toMatchObject({
      totalResults: 1,
      Resources: [{ id: created.body.id }],
    });
  });

  it('replaces a user as a whole and deactivates it without a path', async () => {
    const userName = fresh();
    const id = await directory.create('Users', okta(userName));
    const put = await directory.send(
      'PUT',
      `Users/${id}`,
      okta(userName, { id, name: { givenName: 'Another', familyName: 'Name' }, displayName: 'Another Name' }),
    );
    expect(put).toMatchObject({ status: 200, body: { id, displayName: 'Another Name', active: true } });
    expect(await memberOf(id)).toMatchObject({ name: 'Another Name', status: 'active' });
    expect(await directory.patch(`Users/${id}`, [{ op: 'replace', value: { active: false } }])).toMatchObject({
      status: 200,
      body: { active: false },
    });
    expect(await memberOf(id)).toMatchObject({ status: 'ended' });
    expect(await directory.patch(`Users/${id}`, [{ op: 'replace', value: { active: true } }])).toMatchObject({
      status: 200,
      body: { active: true },
    });
    expect(await memberOf(id)).toMatchObject({ status: 'active' });
    expect((await directory.send('PUT', `Users/${id}`, okta(userName, { active: false }))).body.active).toBe(false);
    expect(await memberOf(id)).toMatchObject({ status: 'ended' });
  });

  it('keeps active unchanged in a replacement without it', async () => {
    const userName = fresh();
    const id = await directory.create('Users', okta(userName));
    await directory.patch(`Users/${id}`, [{ op: 'replace', value: { active: false } }]);
    expect((await directory.send('PUT', `Users/${id}`, { schemas: [USER], userName })).body.active).toBe(false);
  });

  it('pushes a group, renames it with its id in the value, and changes its members', async () => {
    const [one, two] = [await directory.create('Users', okta(fresh())), await directory.create('Users', okta(fresh()))];
    const id = await directory.create('Groups', {
      schemas: [GROUP],
      displayName: `Pushed ${count}`,
      members: [{ value: one, display: 'one' }],
    });
    expect(
      await directory.patch(`Groups/${id}`, [{ op: 'replace', value: { id, displayName: `Renamed ${count}` } }]),
    ).toMatchObject({ status: 200, body: { displayName: `Renamed ${count}` } });
    await directory.patch(`Groups/${id}`, [{ op: 'add', path: 'members', value: [{ value: two, display: fresh() }] }]);
    expect(
      (await directory.get(`Groups/${id}`)).body.members.map(({ value }: { value: string }) => value).toSorted(),
    ).toEqual([one, two].toSorted());
    await directory.patch(`Groups/${id}`, [{ op: 'remove', path: `members[value eq "${one}"]` }]);
    expect((await directory.get(`Groups/${id}`)).body.members).toMatchObject([{ value: two }]);
    await directory.patch(`Groups/${id}`, [{ op: 'replace', path: 'members', value: [{ value: one }] }]);
    expect((await directory.get(`Groups/${id}`)).body.members).toMatchObject([{ value: one }]);
    expect(
      (
        await directory.send('PUT', `Groups/${id}`, {
          schemas: [GROUP],
          id,
          displayName: `Renamed ${count}`,
          members: [{ value: two }],
        })
      ).body.members,
    ).toMatchObject([{ value: two }]);
    expect((await directory.send('DELETE', `Groups/${id}`)).status).toBe(204);
    expect((await directory.get(`Groups/${id}`)).status).toBe(404);
  });
});

describe('the requests that Microsoft Entra ID documents', () => {
  const entra = (userName: string, more: object = {}) => ({
    schemas: [USER, ENTERPRISE],
    externalId: `mail.${userName.split('@')[0]}`,
    userName,
    active: true,
    displayName: 'Synthetic Entra',
    emails: [{ primary: true, type: 'work', value: userName }],
    meta: { resourceType: 'User' },
    name: { formatted: 'Synthetic Entra', familyName: 'Entra', givenName: 'Synthetic' },
    roles: [],
    title: 'Synthetic',
    [ENTERPRISE]: { department: 'None', manager: { value: 'unknown' } },
    ...more,
  });

  it('finds no user, creates it, and looks it up by externalId', async () => {
    const userName = fresh();
    expect((await directory.find('Users', `userName eq "${userName}"`)).body.totalResults).toBe(0);
    const { status, body } = await directory.send('POST', 'Users', entra(userName));
    expect([status, body[ENTERPRISE], body.title]).toEqual([
      201,
      { department: 'None', manager: { value: 'unknown' } },
      'Synthetic',
    ]);
    expect((await directory.find('Users', `externalId eq "${body.externalId}"`)).body).toMatchObject({
      totalResults: 1,
      Resources: [{ id: body.id }],
    });
    expect((await directory.find('Users', `emails[type eq "work"].value eq "${userName}"`)).body.totalResults).toBe(1);
  });

  it.each(['False', 'false', false])('accepts %p in any case as inactive', async (value) => {
    for (const operation of [
      { op: 'Replace', path: 'active', value },
      { op: 'replace', value: { active: value } },
      { op: 'Add', path: 'active', value },
      { op: 'Replace', path: `${USER}:active`, value },
    ]) {
      const id = await directory.create('Users', entra(fresh()));
      expect(await directory.patch(`Users/${id}`, [operation])).toMatchObject({ status: 200, body: { active: false } });
      expect(await memberOf(id)).toMatchObject({ status: 'ended' });
      expect(
        (await directory.patch(`Users/${id}`, [{ op: 'Replace', path: 'active', value: 'True' }])).body.active,
      ).toBe(true);
    }
  });

  it('changes the work address of a user who was created with a home address, and keeps both', async () => {
    const [login, home, work] = [fresh(), fresh('home'), fresh('work')];
    const id = await directory.create('Users', {
      schemas: [USER],
      userName: login,
      emails: [{ value: home, type: 'home' }],
    });
    expect(await memberOf(id)).toMatchObject({ email: home });
    const answer = await directory.patch(`Users/${id}`, [
      { op: 'Replace', path: 'emails[type eq "work"].value', value: work },
    ]);
    const both = [
      { value: home, type: 'home' },
      { value: work, type: 'work', primary: true },
    ];
    expect([answer.status, answer.body.emails]).toEqual([200, both]);
    expect((await directory.get(`Users/${id}`)).body.emails).toEqual(both);
    expect(await memberOf(id)).toMatchObject({ email: work });
    for (const filter of [`emails.value eq "${home}"`, `emails[type eq "work" and value eq "${work}"]`])
      expect((await directory.find('Users', filter)).body.Resources.map((one: { id: string }) => one.id)).toEqual([id]);
    const version = answer.headers.get('etag');
    const again = await directory.patch(`Users/${id}`, [
      { op: 'Replace', path: 'emails[type eq "work"].value', value: work },
    ]);
    expect(again.headers.get('etag')).toBe(version);
  });

  it('changes several attributes at once, with and without paths', async () => {
    const id = await directory.create('Users', entra(fresh()));
    const [address, login] = [fresh(), fresh()];
    const answer = await directory.patch(`Users/${id}`, [
      { op: 'Replace', path: 'emails[type eq "work"].value', value: address },
      { op: 'Replace', path: 'name.familyName', value: 'Changed' },
      { op: 'Add', path: 'phoneNumbers[type eq "work"].value', value: '000' },
      { op: 'Add', path: `${ENTERPRISE}:manager`, value: 'x' },
      { op: 'Add', path: `${ENTERPRISE}:manager`, value: [{ $ref: 'x', value: 'y' }] },
      {
        op: 'replace',
        value: {
          userName: login,
          'name.givenName': 'Dotted',
          displayName: 'Dotted Changed',
          [`${ENTERPRISE}:department`]: 'x',
        },
      },
    ]);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        userName: login,
        displayName: 'Dotted Changed',
        name: { givenName: 'Dotted', familyName: 'Changed' },
        emails: [{ value: address }],
        phoneNumbers: [{ type: 'work', value: '000' }],
        [ENTERPRISE]: { department: 'x', manager: { value: 'y' } },
      },
    });
  });

  it('applies a patch completely or not at all', async () => {
    const id = await directory.create('Users', entra(fresh()));
    const before = (await directory.get(`Users/${id}`)).body;
    expect(
      (
        await directory.patch(`Users/${id}`, [
          { op: 'replace', path: 'displayName', value: 'Half' },
          { op: 'replace', path: 'userName', value: '' },
        ])
      ).status,
    ).toBe(400);
    expect((await directory.get(`Users/${id}`)).body).toEqual(before);
  });

  it('creates a group, requests it without members, and adds and removes members by value', async () => {
    const [one, two] = [
      await directory.create('Users', entra(fresh())),
      await directory.create('Users', entra(fresh())),
    ];
    const id = await directory.create('Groups', {
      schemas: [GROUP, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
      externalId: fresh(),
      displayName: `Entra ${count}`,
      meta: { resourceType: 'Group' },
    });
    const found = (await directory.find('Groups', `displayName eq "Entra ${count}"`, '&excludedAttributes=members'))
      .body;
    expect(found).toMatchObject({ totalResults: 1, Resources: [{ id }] });
    expect(found.Resources[0].members).toBeUndefined();
    expect(
      (
        await directory.patch(`Groups/${id}`, [
          {
            op: 'Add',
            path: 'members',
            value: [
              { $ref: null, value: one },
              { $ref: null, value: two },
            ],
          },
        ])
      ).status,
    ).toBe(200);
    expect(
      (await directory.find('Groups', `id eq "${id}" and members eq "${one}"`, '&excludedAttributes=members')).body
        .totalResults,
    ).toBe(1);
    expect(
      (await directory.patch(`Groups/${id}`, [{ op: 'Remove', path: 'members', value: [{ $ref: null, value: one }] }]))
        .status,
    ).toBe(200);
    expect((await directory.find('Groups', `members[value eq "${one}"]`)).body.totalResults).toBe(0);
    expect((await directory.get(`Users/${two}`)).body.groups).toMatchObject([{ value: id, display: `Entra ${count}` }]);
  });
});

describe('a member whom the organization reactivated itself', () => {
  it('is active, and the directory can deactivate the member again', async () => {
    const id = await directory.create('Users', { userName: fresh() });
    await directory.patch(`Users/${id}`, [{ op: 'replace', path: 'active', value: false }]);
    await harness.database.superuser(`UPDATE memberships SET status = 'active', ended_at = NULL WHERE id = $1`, [id]);
    expect((await directory.get(`Users/${id}`)).body.active).toBe(true);
    await directory.patch(`Users/${id}`, [{ op: 'replace', path: 'active', value: false }]);
    expect(await memberOf(id)).toMatchObject({ status: 'ended' });
  });
});

describe('a changed e-mail address', () => {
  const usersWith = async (email: string) =>
    (await harness.database.superuser<{ id: string }>('SELECT id FROM users WHERE email = $1', [email])).map(
      ({ id }) => id,
    );

  it('creates no second account when only this organization knows the user', async () => {
    const [before, after] = [fresh(), fresh()];
    const id = await directory.create('Users', { userName: before });
    const { user_id: user } = (await memberOf(id))!;
    await directory.patch(`Users/${id}`, [
      { op: 'replace', path: 'userName', value: after },
      { op: 'replace', path: 'emails[type eq "work"].value', value: after },
    ]);
    expect(await memberOf(id)).toMatchObject({ user_id: user, email: after });
    expect([await usersWith(before), await usersWith(after)]).toEqual([[], [user]]);
  });

  it("takes over no account of another organization's member and leaves that account unchanged", async () => {
    const elsewhere = await harness.make.organization('gme');
    const outsider = await harness.make.member(elsewhere, 'trainee', { email: fresh('elsewhere') });
    const id = await directory.create('Users', { userName: fresh() });
    await directory.patch(`Users/${id}`, [
      { op: 'replace', path: 'emails', value: [{ value: outsider.email, primary: true }] },
    ]);
    const member = (await memberOf(id))!;
    expect(member.user_id).not.toBe(outsider.userId);
    expect(await harness.database.superuser('SELECT scoped_org_id FROM users WHERE id = $1', [member.user_id])).toEqual(
      [{ scoped_org_id: org }],
    );
    expect((await harness.signIn(outsider.email)).cookieHeader).not.toBe('');
  });

  it('of a member with a password: the directory may not change it before the domain is verified', async () => {
    const member = await harness.make.member(org, 'mentor', { email: fresh('own') });
    expect(await directory.send('POST', 'Users', { userName: member.email })).toMatchObject({
      status: 409,
      body: { scimType: 'uniqueness' },
    });
    await harness.database.superuser(
      `INSERT INTO sso_domains (org_id, id, domain, token, verified_at)
         VALUES ($1, gen_random_uuid(), 'dir.example', repeat('x', 30), now())`,
      [org],
    );
    await harness.database.superuser('UPDATE users SET email_proven_at = now() WHERE id = $1', [member.userId]);
    const id = await directory.create('Users', { userName: member.email });
    // The user is linked and keeps the role.
    expect([id, (await memberOf(id))!.role]).toEqual([member.membershipId, 'mentor']);
    const moved = fresh('moved');
    await directory.patch(`Users/${id}`, [{ op: 'replace', path: 'emails', value: [{ value: moved }] }]);
    // The organization has verified both domains, and the user belongs to no other organization.
    expect((await memberOf(id))!.email).toBe(moved);
    await harness.make.member(await harness.make.organization('gme'), 'trainee', { email: moved });
    await directory.patch(`Users/${id}`, [{ op: 'replace', path: 'emails', value: [{ value: fresh('again') }] }]);
    expect((await memberOf(id))!.email).toBe(moved); // Now the user belongs to another organization too.
    await harness.database.superuser('DELETE FROM sso_domains WHERE org_id = $1', [org]);
  });

  it('is rejected when another user of this organization has it', async () => {
    const [usedEmail, id] = [fresh(), await directory.create('Users', { userName: fresh() })];
    await directory.create('Users', { userName: usedEmail });
    expect(
      await directory.patch(`Users/${id}`, [{ op: 'replace', path: 'emails', value: [{ value: usedEmail }] }]),
    ).toMatchObject({ status: 409, body: { scimType: 'uniqueness' } });
  });
});
