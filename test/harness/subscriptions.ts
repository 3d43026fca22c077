import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from '../../src/app.module.js';
import { RealtimeLimits } from '../../src/modules/realtime/realtime-limits.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { createApp } from '../../src/platform/http/index.js';
import type { Harness } from './app.js';
import type { Client } from './client.js';
import { EventStream } from './event-stream.js';
import type { Member } from './factories.js';
import { until } from './until.js';

/** A seat in an organization: the member, and a session of theirs. */
export interface Seat extends Member {
  client: Client;
}

/** A program with somebody of every scope. */
export interface Program {
  id: string;
  director: Seat;
  mentor: Seat;
  trainee: Seat;
  /** The trainee's own record, one that the mentor is assigned to, and one that neither may see. */
  own: string;
  assigned: string;
  other: string;
  assignment: string;
}

export async function makeProgram(harness: Harness): Promise<Program> {
  const id = await harness.make.organization('gme');
  const [own, assigned, other] = [
    await harness.make.person(id),
    await harness.make.person(id),
    await harness.make.person(id),
  ];
  const director = await takeSeat(harness, id, 'program_director');
  const mentor = await takeSeat(harness, id, 'mentor');
  const trainee = await takeSeat(harness, id, 'trainee', own);
  const assignment = await harness.make.assignment(id, mentor.membershipId, assigned);
  await until(
    'all of this is past',
    async () =>
      (
        await harness.database.superuser<{ past: boolean }>(
          `SELECT max(transaction_id) < pg_snapshot_xmin(pg_current_snapshot()) AS past FROM realtime_events
             WHERE org_id = $1`,
          [id],
        )
      )[0]!.past,
  );
  return { id, director, mentor, trainee, own, assigned, other, assignment };
}

export async function takeSeat(harness: Harness, orgId: string, role: string, personId?: string): Promise<Seat> {
  const member = await harness.make.member(orgId, role, { personId });
  return { ...member, client: await harness.signIn(member.email) };
}

/** Has an API look and show signs of life ten times a second, so that tests need not wait for either. */
export function hasten(api: NestExpressApplication): void {
  Object.assign(api.get(RealtimeLimits), { pollMs: 100, heartbeatMs: 100 });
}

/** One more API process on a harness's database, in this process; its limits as they are in production. */
export async function anotherApi(
  harness: Harness,
  env: Record<string, string> = {},
): Promise<{ app: NestExpressApplication; url: string }> {
  const config = loadConfig({ ...harness.env, ...env }, 'api');
  const app = await createApp(AppModule.forRoot(config), config);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

/** Opens streams, and closes them all in the end. */
export class Listening {
  private readonly streams: EventStream[] = [];

  constructor(private readonly harness: Harness) {}

  open({ client }: Pick<Seat, 'client'>, options: { lastEventId?: string; url?: string } = {}): Promise<EventStream> {
    return this.listen({ cookie: client.cookieHeader }, options);
  }

  /** As a machine does, by an API key. */
  openByKey(key: string): Promise<EventStream> {
    return this.listen({ authorization: `Bearer ${key}` });
  }

  closeAll(): void {
    for (const stream of this.streams.splice(0)) stream.close();
  }

  private async listen(
    who: { cookie: string } | { authorization: string },
    options: { lastEventId?: string; url?: string } = {},
  ): Promise<EventStream> {
    const stream = await EventStream.open(options.url ?? this.harness.url, who, options);
    this.streams.push(stream);
    return stream;
  }
}

/** Changes a person, so that `person.updated` is recorded. */
export async function change({ client }: Pick<Seat, 'client'>, person: string): Promise<void> {
  const { body } = await client.get<{ version: number }>(`/v1/people/${person}`);
  const { status, text } = await client.patch(`/v1/people/${person}`, {
    version: body.version,
    title: `Synthetic ${body.version}`,
  });
  if (status !== 200) throw new Error(text);
}
