import { Injectable } from '@nestjs/common';
import { OnWebhookEvent } from '../../platform/webhooks/on-webhook-event.js';
import type { ExternalPersonDto } from './external-person.dto.js';
import { PeopleService } from './people.service.js';

/** Handles deliveries of partner systems about people. */
@Injectable()
export class PeopleWebhooks {
  constructor(private readonly people: PeopleService) {}

  /**
   * Creates the person when the external id is unknown and changes the person otherwise. All event types have this
   * effect, because partners do not know which people an organization has.
   */
  @OnWebhookEvent(['person.created', 'person.updated', 'person.upserted'], {
    emits: ['person.created', 'person.updated'],
  })
  async upsert({ externalId, ...fields }: ExternalPersonDto): Promise<string> {
    const { id } = await this.people.upsertByExternalId(externalId, fields);
    return id;
  }
}
