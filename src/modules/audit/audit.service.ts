import { Injectable } from '@nestjs/common';
import type { AuditPrivate } from '../../platform/database/audit-row.js';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { currentContext } from '../../platform/context/context.js';
import { declared, isResourceType } from '../../platform/feature/registry.js';
import { Cursors, type CursorValue, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/problem/index.js';
import type { AuditEventResponse, AuditQuery, EventTypeResponse } from './audit.dto.js';
import { AuditRepository, type AuditEventRow } from './audit.repository.js';
import type { AuditFilter, Position } from './audit-search.js';

/** Searches the audit log of the caller's organization and records each search. */
@Injectable()
export class AuditService {
  constructor(
    private readonly repository: AuditRepository,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
  ) {}

  /**
   * Returns a page of events, newest first. Throws `invalid_request` when the category or target type is unknown, or
   * when the time range is empty.
   */
  async search({ limit, cursor, ...query }: AuditQuery): Promise<Page<AuditEventResponse>> {
    const scope = { purpose: 'audit', orgId: currentContext().orgId };
    const after = cursor === undefined ? null : positionOf(this.cursors.decode(scope, cursor));
    const rows = await this.repository.page(filterOf(query), after, limit + 1);
    const { items, nextCursor } = this.cursors.page(scope, rows, limit, ({ occurredAt, id }) => [
      occurredAt.toISOString(),
      id,
    ]);
    const filters = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    this.audit.record('audit.read', { meta: { filters, entries: items.length } });
    return { items: items.map(present), nextCursor };
  }

  /** Returns every declared event type. */
  eventTypes(): Page<EventTypeResponse> {
    const items = [...declared('events')].map(([type, { category, severity, description }]) => ({
      type,
      category,
      severity,
      description,
    }));
    return { items: items.toSorted((a, b) => (a.type < b.type ? -1 : 1)), nextCursor: null };
  }
}

function positionOf([occurredAt, id]: CursorValue[]): Position {
  return { occurredAt: new Date(occurredAt as string), id: id as string };
}

function filterOf({ type, category, from, to, ...filter }: Omit<AuditQuery, 'limit' | 'cursor'>): AuditFilter {
  const range = {
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
  };
  if (range.from !== undefined && range.to !== undefined && range.from >= range.to) {
    throw new Problem('invalid_request', { errors: [{ field: 'to', message: 'must be later than from' }] });
  }
  if (filter.targetType !== undefined && !isResourceType(filter.targetType))
    throw new Problem('invalid_request', { errors: [{ field: 'targetType', message: 'is not a resource type' }] });
  return { ...filter, ...range, types: typesOf(type, category) };
}

/**
 * Returns the event types to search for. A search by type also accepts a type that is no longer declared, because the
 * log may contain it. A search by category covers only declared types.
 */
function typesOf(type: string | undefined, category: string | undefined): string[] | undefined {
  if (category === undefined) return type === undefined ? undefined : [type];
  const types = [...declared('events')].flatMap(([key, event]) => (event.category === category ? [key] : []));
  if (types.length === 0)
    throw new Problem('invalid_request', { errors: [{ field: 'category', message: 'is not an event category' }] });
  return type === undefined ? types : types.filter((known) => known === type);
}

function present({ payload, actorType, actorId, targetType, targetId, ...row }: AuditEventRow): AuditEventResponse {
  const event = declared('events').get(row.type);
  const personal = payload === null ? null : (JSON.parse(payload.toString()) as AuditPrivate);
  return {
    ...row,
    category: event?.category ?? null,
    severity: event?.severity ?? null,
    description: event?.description ?? null,
    actor: { type: actorType, id: actorId, email: personal?.actorEmail ?? null },
    target: targetType === null || targetId === null ? null : { type: targetType, id: targetId },
    ip: personal?.ip ?? null,
    userAgent: personal?.userAgent ?? null,
  };
}
