/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type Type } from '@nestjs/common';
import { IsString } from 'class-validator';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { defineFeature } from '../../src/platform/feature/define-feature.js';
import type { WebhookEventName } from '../../src/platform/feature/registry.js';
import { createApp } from '../../src/platform/http/index.js';
import { OnWebhookEvent } from '../../src/platform/webhooks/on-webhook-event.js';
import { Harness } from '../harness/app.js';

class ThingDto {
  @IsString() serial: string;
}

@Injectable()
class Handler {
  @OnWebhookEvent('thing.updated' as WebhookEventName) apply() {
    return Promise.resolve('');
  }
}

@Injectable()
class SecondHandler {
  @OnWebhookEvent('person.updated') apply() {
    return Promise.resolve('');
  }
}

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
});
afterAll(() => harness.stop());

/** Boots the application with an additional provider. */
function boot(provider?: Type) {
  @Module({ providers: provider === undefined ? [] : [provider] })
  class Root {}
  const config = loadConfig(harness.env, 'api');
  return createApp({ module: Root, imports: [AppModule.forRoot(config)] }, config);
}

describe('the application does not start', () => {
  it('with a handler of a webhook event that no feature declares', async () => {
    await expect(boot(Handler)).rejects.toThrow(
      'webhook event "thing.updated" is handled by Handler.apply but not declared: ' +
        "add it to webhookEvents in the module's feature file",
    );
  });

  it('with two handlers of one webhook event', async () => {
    await expect(boot(SecondHandler)).rejects.toThrow(/the webhook event "person\.updated" has two handlers: /);
  });

  it('with a declared webhook event that no provider handles', async () => {
    defineFeature({
      name: 'things',
      description: 'Things of partner systems.',
      webhookEvents: {
        'thing.updated': {
          description: 'Changes a thing.',
          dto: ThingDto,
          orderKey: 'serial',
          permissions: ['person:update'],
        },
      },
    });
    await expect(boot()).rejects.toThrow(
      'webhook event "thing.updated" is declared but has no handler: ' +
        "add a provider method with @OnWebhookEvent('thing.updated'), or remove it",
    );
    const app = await boot(Handler);
    await app.close();
  });

  it('with a resource that is declared twice, or a name that is not in kebab-case', async () => {
    defineFeature({
      name: 'misnamed',
      description: 'Names that do not fit.',
      events: {
        'misnamed.done': { category: 'Two words', severity: 'info', description: 'It happened.', implicit: true },
      },
      resources: { person: { description: 'Also a table.' }, bad_name: { description: 'Not in kebab-case.' } },
    });
    const message = await boot(Handler).then(
      () => 'started',
      (error: Error) => error.message,
    );
    for (const line of [
      'resource "person" is declared in resources and for the table "people": remove it from resources',
      'resource "bad_name" is not in kebab-case: write it as "bad-name"',
      'event "misnamed.done" has the category "Two words": write the category in kebab-case',
    ])
      expect(message).toContain(line);
  });
});
