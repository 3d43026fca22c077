import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Feeds } from '../../src/modules/live/feeds.js';
import { LiveLimits } from '../../src/modules/live/live-limits.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { EventStream } from '../harness/event-stream.js';
import type { Member } from '../harness/factories.js';
import { until } from '../harness/until.js';

interface Organization {
  id: string;
  director: Client;
  mentor: Client;
  mentorMember: Member;
  trainee: Client;
  traineeMember: Member;
  /** The trainee's record, one that the mentor is assigned to, and one that neither sees. */
  own: string;
  assigned: string;
  assignment: string;
  other: string;
}

let harness: Harness;
let here: Organization;
let there: Organization;
const streams: EventStream[] = [];

async function organization(): Promise<Organization> {
  const id = await harness.make.organization('gme');
  const [own, assigned, other] = [await harness.make.person(id), await harness.make.person(id), await harness.make.person(id)];
  const director = await harness.make.member(id, 'program_director');
  const mentorMember = await harness.make.member(id, 'mentor');
  const traineeMember = await harness.make.member(id, 'trainee', { personId: own });
  const assignment = await harness.make.assignment(id, mentorMember.membershipId, assigned);
  const [directorClient, mentor, trainee] = await Promise.all([director, mentorMember, traineeMember].map(({ email }) => harness.signIn(email)));
  return { id, director: directorClient!, mentor: mentor!, mentorMember, trainee: trainee!, traineeMember, own, assigned, assignment, other };
}

async function listen(client: Client, options: { lastEventId?: string; url?: string } = {}): Promise<EventStream> {
  const stream = await EventStream.open(options.url ?? harness.url, client.cookieHeader, options);
  streams.push(stream);
  await stream.settled();
  return stream;
}

/** Changes a person, so that a `person.updated` is recorded. */
async function change(client: Client, person: string): Promise<void> {
  const { version } = (await client.get(`/v1/people/${person}`)).body;
  const { status, text } = await client.patch(`/v1/people/${person}`, { version, title: `Synthetic ${Math.random()}` });
  if (status !== 200) throw new Error(text);
}

/** Changes somebody everybody may see, and waits until a director's stream has heard: all before it was delivered too. */
async function allHear(org: Organization, ...listening: EventStream[]): Promise<void> {
  await Promise.all(listening.map((stream) => stream.settled()));
}

beforeAll(async () => {
  harness = await Harness.start();
  Object.assign(harness.api.get(LiveLimits), { lookMillis: 100, beatMillis: 100 });
  here = await organization();
  there = await organization();
});
afterEach(() => streams.splice(0).forEach((stream) => stream.close()));
afterAll(() => harness.stop());

describe('a listener', () => {
  it('hears what happens in the organization, with ids, type and time, and nothing else', async () => {
    const stream = await listen(here.director);
    await change(here.director, here.own);
    await stream.about(here.own);
    const [{ event, data }] = stream.events as [EventStream['events'][number]];
    expect(event).toBe('person.updated');
    expect(data).toEqual({ type: 'person.updated', targetType: 'person', targetId: here.own, occurredAt: expect.stringMatching(/^\d{4}-.*Z$/) as unknown });
  });

  it('gets an answer that no proxy keeps or holds back', async () => {
    const { headers } = (await listen(here.director)).response;
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    expect(headers['content-length']).toBeUndefined();
  });

  it('hears nothing of another organization', async () => {
    const [ours, theirs] = [await listen(here.director), await listen(there.director)];
    await change(here.director, here.own);
    await change(there.director, there.own);
    await Promise.all([ours.about(here.own), theirs.about(there.own)]);
    await allHear(here, ours, theirs);
    expect([ours.targets, theirs.targets]).toEqual([[here.own], [there.own]]);
  });
});
