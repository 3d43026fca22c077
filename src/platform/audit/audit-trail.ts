import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { newId } from '../clock/id.js';
import { currentContext } from '../context/context.js';
import type { MetaKind } from '../feature/define-feature.js';
import { declaration, type AuditEventType } from '../feature/registry.js';

const KINDS: Record<MetaKind, (value: unknown) => boolean> = {
  id: (v) => typeof v === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(v),
  code: isCode,
  codes: (v) => Array.isArray(v) && v.length <= 100 && v.every(isCode),
  count: (v) => Number.isSafeInteger(v),
  flag: (v) => typeof v === 'boolean',
  time: (v) => typeof v === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(v),
};

/** A machine's word: letters first, no spaces, no digits in a row that could be a number about somebody. */
function isCode(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 64 && /^[a-zA-Z][\w.:-]*$/.test(value) && !/\d{4}/.test(value);
}

/** What an entry says beside its type. */
export interface AuditEntry {
  target?: { type: string; id: string };
  meta?: Readonly<Record<string, unknown>>;
  outcome?: 'success' | 'denied' | 'failure';
}

/** Writes the log. An entry is part of the transaction under way: both are kept, or neither is. */
@Injectable()
export class AuditTrail {
  private readonly log = new Logger('AuditTrail');

  constructor(private readonly clock: Clock) {}

  /**
   * Records an event; actor, organization, address and request id come from the context.
   * Throws when the route, job or command under way does not declare the event, or no transaction is open.
   */
  record(type: AuditEventType, entry: AuditEntry = {}): void {
    const context = currentContext();
    const event = declaration('events', type);
    if (!event.ambient && !context.emits.has(type)) {
      throw new Error(`the event "${type}" is not declared here: add it to \`emits\` of the route, job or command`);
    }
    if (context.transaction === null || context.transaction.readOnly) {
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
        targetType: entry.target?.type ?? null,
        targetId: entry.target?.id ?? null,
        requestId: context.requestId,
        meta: this.allowed(type, event.meta ?? {}, entry.meta ?? {}),
      },
      personal: { actorEmail: context.actor.email ?? null, ip: context.ip, userAgent: context.userAgent },
    });
  }

  /** Keeps the declared fields of the declared kinds, and warns of everything else without repeating it. */
  private allowed(type: string, kinds: Readonly<Record<string, MetaKind>>, meta: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const kept: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(meta)) {
      const kind = kinds[field];
      if (kind !== undefined && KINDS[kind](value)) kept[field] = value;
      else if (value !== undefined) this.log.warn(`SECURITY: metadata field stripped from event ${type}: ${kind === undefined ? 'undeclared' : `not of kind ${kind}`}`);
    }
    return kept;
  }
}
