/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsString } from 'class-validator';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { currentContext } from '../../src/platform/context/context.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { defineFeature } from '../../src/platform/feature/define-feature.js';
import type { WebhookEventName } from '../../src/platform/feature/registry.js';
import { JobRunner } from '../../src/platform/jobs/job-runner.js';
import { PermanentFailure } from '../../src/platform/jobs/on-job.js';
import { OutboxRelay } from '../../src/platform/jobs/outbox-relay.js';
import { OnWebhookEvent, type WebhookDelivery } from '../../src/platform/webhooks/on-webhook-event.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { deliver, type Source } from '../harness/partner.js';

const TIMESTAMP = '2026-01-15T09:30:00Z';

class RenamedDto {
  @IsString() name: string;
}

const received: { data: object; delivery: WebhookDelivery }[] = [];

/** Renames the organization, and then fails if the name is "Fails". */
@Injectable()
class Renames {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  @OnWebhookEvent('organization.renamed' as WebhookEventName)
  async rename(data: object, delivery: WebhookDelivery): Promise<string> {
    const { name } = data as RenamedDto;
    const { orgId } = currentContext();
    received.push({ data, delivery });
    await this.unitOfWork.execute('UPDATE organizations SET name = $1 WHERE id = $2', [name, orgId]);
    if (name === 'Fails') throw new PermanentFailure('rename_failed');
    return orgId;
  }
}

let harness: Harness;
let worker: INestApplicationContext;
let admin: Client;
let orgId: string;
let source: Source;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  defineFeature({
    name: 'renames',
    description: 'Names from a partner system.',
    webhookEvents: {
      'organization.renamed': {
        description: 'Renames it.',
        dto: RenamedDto,
        orderKey: 'name',
        permissions: ['person:update'],
      },
    },
  });
  @Module({ providers: [Renames] })
  class Root {}
  const config = loadConfig(harness.env, 'worker');
  worker = await NestFactory.createApplicationContext(
    { module: Root, imports: [AppModule.forRoot(config)] },
    { logger: false, abortOnError: false },
  );
  worker.get(JobRunner).start();
  worker.get(OutboxRelay).start();
  orgId = await harness.make.organization('workforce', 'Before');
  admin = await harness.signIn((await harness.make.member(orgId, 'admin')).email);
  source = (await admin.post('/v1/webhook-sources', { name: 'Partner', scheme: 'standard' })).body;
});
afterAll(async () => {
  await worker.get(OutboxRelay).stop();
  await worker.get(JobRunner).stop(2_000);
  await worker.close();
  await harness.stop();
});
beforeEach(() => {
  received.length = 0;
});

const currentName = async () =>
  (await harness.database.superuser<{ name: string }>('SELECT name FROM organizations WHERE id = $1', [orgId]))[0]!
    .name;

const orderMarks = () => harness.database.superuser('SELECT * FROM webhook_order_marks ORDER BY order_key');

/** Delivers an event, waits for the jobs, and returns the delivery as it is listed. */
async function delivered(data: object, type = 'organization.renamed') {
  const { body } = await deliver(harness.url, source, { type, timestamp: TIMESTAMP, data });
  await harness.settled();
  const list = await admin.get(`/v1/webhook-sources/${source.id}/deliveries?limit=200`);
  return (list.body.items as { id: string }[]).find(({ id }) => id === body.id)!;
}

describe('a handler of a webhook event', () => {
  it('gets the validated data and the delivery, and its effect is committed with the processed state', async () => {
    const delivery = await delivered({ name: 'After' });
    expect(delivery).toMatchObject({ status: 'processed', errorCode: null });
    expect(received).toEqual([
      {
        data: expect.any(RenamedDto),
        delivery: { id: delivery.id, sourceId: source.id, event: 'organization.renamed', timestamp: TIMESTAMP },
      },
    ]);
    expect(await currentName()).toBe('After');
    const { body } = await admin.get(`/v1/audit?type=webhook.applied&targetId=${delivery.id}`);
    expect(body.items).toMatchObject([
      {
        actor: { type: 'source', id: source.id },
        target: { type: 'delivery', id: delivery.id },
        meta: { event: 'organization.renamed', sourceId: source.id, recordId: orgId },
      },
    ]);
  });

  it('that fails leaves no effect, no processed state, no order mark, and no audit event', async () => {
    const before = await currentName();
    const marks = await orderMarks();
    const delivery = await delivered({ name: 'Fails' });
    expect(delivery).toMatchObject({ status: 'failed', errorCode: 'rename_failed', processedAt: null });
    expect(received).toHaveLength(1);
    expect(await currentName()).toBe(before);
    expect(await orderMarks()).toEqual(marks);
    expect((await admin.get(`/v1/audit?type=webhook.applied&targetId=${delivery.id}`)).body.items).toEqual([]);
  });

  it('gets no field that the class of the data does not declare', async () => {
    await delivered({ name: 'Other', color: 'blue', parts: [{ name: 'inner' }] });
    expect(received.map(({ data }) => ({ ...data }))).toEqual([{ name: 'Other' }]);
  });

  it.each<[string, object, string]>([
    ['a wrong value', { name: 7 }, 'organization.renamed'],
    ['an undeclared type', { name: 'Other' }, 'organization.deleted'],
  ])('does not get %s: the API rejects the message', async (_what, data, type) => {
    expect(await deliver(harness.url, source, { type, timestamp: TIMESTAMP, data })).toMatchObject({ status: 400 });
    expect(received).toEqual([]);
  });
});
