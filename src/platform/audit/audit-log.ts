import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { newId } from '../clock/id.js';
import { currentContext } from '../context/context.js';
import type { MetaKind } from '../feature/declarations.js';
import { declaration, isResourceType, type AuditEventType, type ResourceType } from '../feature/registry.js';
import type { AuditFacts } from '../database/audit-row.js';
import { isCode, isId, recordable } from './meta-shapes.js';
import { isRoleKey, roleReference } from './role-reference.js';

/** The target of an audit event: a declared resource type and an id or key. */
export interface AuditTarget {
  type: ResourceType;
  id: string;
}

/** The fields of an audit event in addition to its type. */
export interface AuditEntry {
  target?: AuditTarget;
  meta?: Readonly<Record<string, unknown>>;
  outcome?: 'success' | 'denied' | 'failure';
}

/** Writes audit events. An event is part of the current transaction: both are committed or both are rolled back. */
@Injectable()
export class AuditLog {
  private readonly log = new Logger('AuditLog');

  constructor(private readonly clock: Clock) {}

  /**
   * Records an event; actor, organization, IP, and request id come from the context, and the time from the database.
   * Throws when the current route, job, or command does not declare the event, or when no writable transaction is open.
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
        occurredAt: new Date(context.transaction.databaseMs + this.clock.shiftMs).toISOString(),
        type,
        outcome: entry.outcome ?? 'success',
        actorType: context.actor.type,
        actorId: context.actor.id,
        ...this.target(type, entry.target, context.orgId),
        requestId: context.requestId,
        apiKeyId: context.member?.apiKeyId ?? null,
        accessGrantId: context.member?.accessGrantId ?? null,
        meta: this.allowedMeta(type, event.meta ?? {}, entry.meta ?? {}, context.orgId),
      },
      personal: { actorEmail: context.actor.email ?? null, ip: context.ip, userAgent: context.userAgent },
    });
  }

  /**
   * Returns the declared fields with values of the declared kinds. Logs a warning for each other field, without its
   * value.
   */
  private allowedMeta(
    type: string,
    kinds: Readonly<Record<string, MetaKind>>,
    meta: Readonly<Record<string, unknown>>,
    orgId: string,
  ): Record<string, unknown> {
    const kept: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(meta)) {
      const kind = Object.hasOwn(kinds, field) ? kinds[field] : undefined;
      const recorded = kind === undefined ? undefined : recordable(kind, value, orgId);
      if (recorded !== undefined) kept[field] = recorded;
      else if (value !== undefined)
        this.warn(
          type,
          kind === undefined ? 'an undeclared metadata field' : `the field ${field}, which is not of the kind ${kind}`,
        );
    }
    return kept;
  }

  /**
   * Returns the target if its type is declared and its id is a UUID or a code. This keeps e-mail addresses out of the
   * log. The id of a role is its reference.
   */
  private target(
    type: string,
    target: AuditTarget | undefined,
    orgId: string,
  ): Pick<AuditFacts, 'targetType' | 'targetId'> {
    if (target === undefined) return { targetType: null, targetId: null };
    const id = targetId(target, orgId);
    const named = isResourceType(target.type) && (isId(id) || isCode(id));
    if (!named) this.warn(type, 'a target that is not a declared resource with an id or a code');
    return named ? { targetType: target.type, targetId: id } : { targetType: null, targetId: null };
  }

  private warn(type: string, reason: string): void {
    this.log.warn(`SECURITY: stripped from event ${type}: ${reason}`);
  }
}

function targetId({ type, id }: AuditTarget, orgId: string): string {
  if (type === 'role' && isRoleKey(id)) return roleReference(orgId, id);
  return isId(id) ? id.toLowerCase() : id;
}
