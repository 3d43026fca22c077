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

/** A member of an organization, with a client that has signed in. */
export interface Seat extends Member {
  client: Client;
}

/** An organization with a member for each scope. */
export interface Program {
  id: string;
  director: Seat;
  mentor: Seat;
  trainee: Seat;
  /** The trainee's own record, a record that the mentor is assigned to, and a record that neither may see. */
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
  await setupIsPast(harness, id);
  return { id, director, mentor, trainee, own, assigned, other, assignment };
}

/**
 * Waits until every event of the setup is older than a new stream. Until then, an open transaction in any database of
 * the server holds the events back, and a new stream receives them.
 */
export async function setupIsPast(harness: Harness, orgId: string): Promise<void> {
  await until('the events of the setup are past', async () => {
    const [row] = await harness.database.superuser<{ past: boolean }>(
      `SELECT max(transaction_id) < pg_snapshot_xmin(pg_current_snapshot()) AS past FROM realtime_events
        WHERE org_id = $1`,
      [orgId],
    );
    return row!.past;
  });
}

export async function takeSeat(harness: Harness, orgId: string, role: string, personId?: string): Promise<Seat> {
  const member = await harness.make.member(orgId, role, { personId });
  return { ...member, client: await harness.signIn(member.email) };
}

/** Sets the poll and heartbeat intervals of an API to 100 ms, so that tests need not wait. */
export function hasten(api: NestExpressApplication): void {
  Object.assign(api.get(RealtimeLimits), { pollMs: 100, heartbeatMs: 100 });
}

/** Starts another API process on the database of a harness, inside this process, with the production limits. */
export async function anotherApi(
  harness: Harness,
  env: Record<string, string> = {},
): Promise<{ app: NestExpressApplication; url: string }> {
  const config = loadConfig({ ...harness.env, ...env }, 'api');
  const app = await createApp(AppModule.forRoot(config), config);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

/** Opens streams and closes all of them at the end. */
export class Listening {
  private readonly streams: EventStream[] = [];

  constructor(private readonly harness: Harness) {}

  open({ client }: Pick<Seat, 'client'>, options: { lastEventId?: string; url?: string } = {}): Promise<EventStream> {
    return this.listen({ cookie: client.cookieHeader }, options);
  }

  /** Opens a stream with an API key. */
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
