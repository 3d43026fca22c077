import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { newId } from '../clock/id.js';
import { currentContext } from '../context/context.js';
import type { MetaKind } from '../feature/declarations.js';
import { declaration, isResourceType, type AuditEventType, type ResourceType } from '../feature/registry.js';
import type { AuditFacts } from '../database/audit-row.js';
import { hasShape, isCode, isId } from './meta-shapes.js';

/** What an audit event is about: a declared type of resource, and which one. */
export interface AuditTarget {
  type: ResourceType;
  id: string;
}

/** What an entry says beside its type. */
export interface AuditEntry {
  target?: AuditTarget;
  meta?: Readonly<Record<string, unknown>>;
  outcome?: 'success' | 'denied' | 'failure';
}

/** Writes the log. An entry is part of the transaction under way: both are kept, or neither is. */
@Injectable()
export class AuditLog {
  private readonly log = new Logger('AuditLog');

  constructor(private readonly clock: Clock) {}

  /**
   * Records an event; actor, organization, address and request id come from the context.
   * Throws when the route, job or command under way does not declare the event, or no transaction is open.
   */
  record(type: AuditEventType, entry: AuditEntry = {}): void {
    const context = currentContext();
    const event = declaration('events', type);
    if (!event.implicit && !context.emits.has(type)) {
      throw new Error(`the event "${type}" is not declared here: add it to \`emits\` of the route, job or command`);
    }
    if (!context.transaction?.open || context.transaction.readOnly) {
      throw new Error(`the event "${type}" needs a transaction that may write`);
    }
    context.transaction.log.push({
      facts: {
        id: newId(),
        orgId: context.orgId,
        occurredAt: this.clock.now().toISOString(),
        type,
        outcome: entry.outcome ?? 'success',
        actorType: context.actor.type,
        actorId: context.actor.id,
        ...this.target(type, entry.target),
        requestId: context.requestId,
        apiKeyId: context.member?.apiKeyId ?? null,
        accessGrantId: context.member?.accessGrantId ?? null,
        meta: this.allowed(type, event.meta ?? {}, entry.meta ?? {}),
      },
      personal: { actorEmail: context.actor.email ?? null, ip: context.ip, userAgent: context.userAgent },
    });
  }

  /** Keeps the declared fields of the declared kinds, and warns of everything else without repeating it. */
  private allowed(
    type: string,
    kinds: Readonly<Record<string, MetaKind>>,
    meta: Readonly<Record<string, unknown>>,
  ): Record<string, unknown> {
    const kept: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(meta)) {
      const kind = Object.hasOwn(kinds, field) ? kinds[field] : undefined;
      if (kind !== undefined && hasShape(kind, value)) kept[field] = value;
      else if (value !== undefined)
        this.warn(
          type,
          kind === undefined ? 'a metadata field that it does not declare' : `the field ${field}, which is no ${kind}`,
        );
    }
    return kept;
  }

  /** A target is a declared resource, named by an id or a code, so that no e-mail address becomes one. */
  private target(type: string, target: AuditTarget | undefined): Pick<AuditFacts, 'targetType' | 'targetId'> {
    if (target === undefined) return { targetType: null, targetId: null };
    const id = isId(target.id) ? target.id.toLowerCase() : target.id;
    const named = isResourceType(target.type) && (isId(id) || isCode(id));
    if (!named) this.warn(type, 'a target that is not a declared resource with an id or a code');
    return named ? { targetType: target.type, targetId: id } : { targetType: null, targetId: null };
  }

  private warn(type: string, what: string): void {
    this.log.warn(`SECURITY: stripped from event ${type}: ${what}`);
  }
}
