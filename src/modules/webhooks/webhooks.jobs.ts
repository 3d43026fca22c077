import { Injectable } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import { AuditTrail } from '../../platform/audit/audit-trail.js';
import { withIdentity } from '../../platform/context/context.js';
import { generationOf } from '../../platform/crypto/index.js';
import { DataKeys } from '../../platform/keys/data-keys.js';
import { OnJob, PermanentFailure, type JobPayload } from '../../platform/jobs/on-job.js';
import { PeopleService } from '../people/index.js';
import { InboxRepository } from './inbox.repository.js';
import { PersonEvent } from './person-event.dto.js';

/** Applies deliveries, in the name of their source; effect and mark share the job's transaction. */
@Injectable()
export class WebhookJobs {
  constructor(
    private readonly inbox: InboxRepository,
    private readonly dataKeys: DataKeys,
    private readonly people: PeopleService,
    private readonly audit: AuditTrail,
  ) {}

  /** Fails for good with payload_gone when retention was faster, and payload_invalid when trying again cannot help. */
  @OnJob('webhooks.apply', { emits: ['webhook.applied', 'person.created', 'person.updated'] })
  async apply({ deliveryId }: JobPayload): Promise<void> {
    const id = String(deliveryId);
    const delivery = await this.inbox.find(id);
    if (delivery === null || delivery.body === null) throw new PermanentFailure('payload_gone');
    const { sourceId, body } = delivery;
    const ring = await this.dataKeys.ofOrganization('data', generationOf(body));
    const event = await readEvent(ring.forRow('webhook_inbox', id).open('body_enc', body)!);
    const { externalId, ...fields } = event.data;
    await withIdentity({ actor: { type: 'source', id: sourceId } }, async () => {
      const person = await this.people.upsertByExternalId(externalId, fields);
      this.audit.record('webhook.applied', {
        target: { type: 'delivery', id },
        meta: { change: event.type.slice('person.'.length), sourceId, personId: person.id },
      });
    });
    await this.inbox.markProcessed(id);
  }
}

async function readEvent(text: string): Promise<PersonEvent> {
  const event = plainToInstance(PersonEvent, JSON.parse(text));
  const errors = await validate(event, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  if (errors.length > 0) throw new PermanentFailure('payload_invalid');
  return event;
}
