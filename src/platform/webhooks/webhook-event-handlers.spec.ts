/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { describe, expect, it } from '@jest/globals';
import { MetadataScanner, type DiscoveryService } from '@nestjs/core';
import { IsString } from 'class-validator';
import { defineFeature } from '../feature/define-feature.js';
import type { AuditEventType, WebhookEventName } from '../feature/registry.js';
import { OnWebhookEvent, type WebhookDelivery } from './on-webhook-event.js';
import { WebhookEventHandlers } from './webhook-event-handlers.js';
import { webhookEventProblems } from './webhook-event-problems.js';

class ThingDto {
  @IsString() serial: string;
}
const THING = { description: 'Changes a thing.', dto: ThingDto, permissions: ['thing:change'] } as const;
defineFeature({
  name: 'webhook-event-spec',
  description: 'Webhook events of this specification.',
  permissions: { 'thing:change': { category: 'Things', description: 'Change things.', scopes: {} } },
  webhookEvents: {
    'thing.created': { ...THING, orderKey: 'serial' },
    'thing.updated': { ...THING, orderKey: 'serial' },
    'thing.forgotten': { ...THING, orderKey: 'serial' },
    'thing.misordered': { ...THING, orderKey: 'number', permissions: ['thing:imagined'] },
  },
});

const named = (...names: string[]) => names as WebhookEventName[];
const EMITS = ['thing.changed'] as unknown as AuditEventType[];
const DELIVERY: WebhookDelivery = {
  id: 'delivery',
  sourceId: 'source',
  event: named('thing.created')[0]!,
  timestamp: '2026-01-15T09:30:00Z',
};

class Things {
  private readonly prefix = 'by this instance';
  @OnWebhookEvent(named('thing.created', 'thing.updated', 'thing.misordered'), { emits: EMITS })
  apply(data: object, { id }: WebhookDelivery) {
    return Promise.resolve([this.prefix, (data as ThingDto).serial, id].join(': '));
  }
  other() {
    return 1;
  }
}

class AlsoThings {
  @OnWebhookEvent(named('thing.updated')[0]!) again() {
    return Promise.resolve('');
  }
}

class Mistyped {
  // @ts-expect-error -- the data of the event is an ExternalPersonDto, which has no such field
  @OnWebhookEvent('person.updated') wrongData(_data: { serial: string }) {
    return Promise.resolve('');
  }
  // @ts-expect-error -- a handler returns the id of the record
  @OnWebhookEvent('person.created') noId() {
    return Promise.resolve();
  }
  // @ts-expect-error -- no feature declares the event
  @OnWebhookEvent('person.renamed') noEvent() {
    return Promise.resolve('');
  }
}

class Undeclared {
  @OnWebhookEvent(named('thing.unheard')[0]!) apply() {
    return Promise.resolve('');
  }
}

const handlers = (...instances: unknown[]) =>
  new WebhookEventHandlers(
    {
      getProviders: () =>
        instances.map((instance) => ({ instance, name: (instance as object | null)?.constructor?.name })),
    } as unknown as DiscoveryService,
    new MetadataScanner(),
  ).byEvent();

describe('webhook event handlers', () => {
  it('are found among all providers, also for several events, and keep their instance', async () => {
    const found = handlers(null, undefined, 'text', Object.create(null), new Things());
    expect([...found.keys()]).toEqual(['thing.created', 'thing.updated', 'thing.misordered']);
    const { where, emits, run } = found.get('thing.updated')!;
    expect({ where, emits }).toEqual({ where: 'Things.apply', emits: EMITS });
    expect(await run({ serial: 'S-1' }, DELIVERY)).toBe('by this instance: S-1: delivery');
  });

  it('emit no audit events by default', () => {
    expect(handlers(new AlsoThings()).get('thing.updated')!.emits).toEqual([]);
  });

  it('throw for two handlers of one event and name both', () => {
    expect(() => handlers(new Things(), new AlsoThings())).toThrow(
      'the webhook event "thing.updated" has two handlers: Things.apply and AlsoThings.again',
    );
  });
});

it('the decorator compiles only for declared events and a method with matching data', () => {
  expect([...handlers(new Mistyped()).keys()]).toEqual(['person.updated', 'person.created', 'person.renamed']);
});

describe('the boot check of webhook events', () => {
  it('reports an event without a handler, a handler without an event, a bad order key, and a bad permission', () => {
    expect(webhookEventProblems(handlers(new Things(), new Undeclared()))).toEqual([
      'webhook event "thing.forgotten" is declared but has no handler: ' +
        "add a provider method with @OnWebhookEvent('thing.forgotten'), or remove it",
      'webhook event "thing.unheard" is handled by Undeclared.apply but not declared: ' +
        "add it to webhookEvents in the module's feature file",
      'webhook event "thing.misordered" has the orderKey "number", but ThingDto has no validated field of this ' +
        'name: set orderKey to a validated field',
      'webhook event "thing.misordered" needs the permission "thing:imagined", which is not declared: ' +
        'declare it, or name the permission of the effect',
    ]);
  });
});
