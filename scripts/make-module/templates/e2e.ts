import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';

const PATH = '/v1/$things$';

let harness: Harness;
let org: string;
let director: Client;
let trainee: Client;

beforeAll(async () => {
  harness = await Harness.start();
  org = await harness.make.organization();
  director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
  trainee = await harness.signIn((await harness.make.member(org, 'trainee')).email);
});
afterAll(() => harness.stop());

async function created(title: string): Promise<string> {
  const { status, body } = await director.post(PATH, { title });
  expect([status, body.title]).toEqual([201, title]);
  return body.id as string;
}

/** Returns the types of the events about a row, oldest first. */
async function eventsOf(id: string): Promise<string[]> {
  const { body } = await director.get<{ items: { type: string }[] }>(`/v1/audit?targetType=$thing$&targetId=${id}`);
  return body.items.map(({ type }) => type).toReversed();
}

describe('$words$', () => {
  it('are created, read, changed, and deleted, with an event for each change', async () => {
    const id = await created('First');
    expect((await trainee.get(`${PATH}/${id}`)).body).toMatchObject({ id, title: 'First' });
    expect((await director.patch(`${PATH}/${id}`, { title: 'Second' })).body).toMatchObject({ id, title: 'Second' });
    expect((await director.delete(`${PATH}/${id}`)).status).toBe(204);
    expect((await director.get(`${PATH}/${id}`)).status).toBe(404);
    expect(await eventsOf(id)).toEqual(['$event$.created', '$event$.updated', '$event$.deleted']);
  });

  it('are listed newest first, page by page', async () => {
    const ids = [await created('One'), await created('Two'), await created('Three')].toReversed();
    const first = (await trainee.get(`${PATH}?limit=2`)).body;
    const second = (await trainee.get(`${PATH}?limit=2&cursor=${first.nextCursor}`)).body;
    expect([...first.items, ...second.items].map(({ id }) => id as string)).toEqual(ids);
  });

  it('reject a caller without a session: 401', async () => {
    expect((await harness.client().get(PATH)).status).toBe(401);
    expect((await harness.client().post(PATH, { title: 'Rejected' })).status).toBe(401);
  });

  it('reject changes by a member without the permission: 403', async () => {
    const id = await created('Kept');
    expect((await trainee.post(PATH, { title: 'Rejected' })).status).toBe(403);
    expect((await trainee.patch(`${PATH}/${id}`, { title: 'Rejected' })).status).toBe(403);
    expect((await trainee.delete(`${PATH}/${id}`)).status).toBe(403);
    expect((await director.get(`${PATH}/${id}`)).body.title).toBe('Kept');
  });

  it('reject an empty title, a title of two lines, and an unknown field: 400', async () => {
    for (const body of [{ title: '' }, { title: 'one\ntwo' }, { title: 'Good', color: 'red' }, {}]) {
      expect([body, (await director.post(PATH, body)).status]).toEqual([body, 400]);
    }
  });

  it('do not exist for another organization: 404', async () => {
    const id = await created('Ours');
    const other = await harness.make.organization();
    const outsider = await harness.signIn((await harness.make.member(other, 'program_director')).email);
    expect((await outsider.get(`${PATH}/${id}`)).status).toBe(404);
    expect((await outsider.patch(`${PATH}/${id}`, { title: 'Theirs' })).status).toBe(404);
    expect((await outsider.delete(`${PATH}/${id}`)).status).toBe(404);
    expect((await outsider.get(PATH)).body.items).toEqual([]);
    expect((await director.get(`${PATH}/${id}`)).body.title).toBe('Ours');
  });

  it('are deleted by retention after a year', async () => {
    const [old, recent] = [await created('Old'), await created('Recent')];
    const age = `UPDATE $table$ SET created_at = now() - interval '366 days' WHERE id = $1`;
    await harness.database.superuser(age, [old]);
    expect((await director.get('/v1/retention/policies/$table$.old/preview')).body.due).toBe(1);
    expect((await director.post('/v1/retention/policies/$table$.old/run', {})).status).toBeLessThan(300);
    await harness.settled();
    expect((await director.get(`${PATH}/${old}`)).status).toBe(404);
    expect((await director.get(`${PATH}/${recent}`)).status).toBe(200);
  });
});
