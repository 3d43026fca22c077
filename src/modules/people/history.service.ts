import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { currentContext, currentMember } from '../../platform/context/context.js';
import { DataKeys } from '../../platform/keys/data-keys.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import type { PageQuery } from '../../platform/http/pagination.dto.js';
import { Problem } from '../../platform/problem/index.js';
import type { PersonChangeResponse } from './history.dto.js';
import { HistoryRepository } from './history.repository.js';
import { PeopleService } from './people.service.js';
import { SEALED } from './person.js';
import { changedFields, formerRecord, type Open } from './person-snapshot.js';

/** Reads the history of a person: the record as it was before each change. */
@Injectable()
export class HistoryService {
  constructor(
    private readonly history: HistoryRepository,
    private readonly people: PeopleService,
    private readonly dataKeys: DataKeys,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
  ) {}

  /**
   * Returns a page of changes, newest first, and records the access in the audit log. Throws `not_found` when the
   * person is outside the caller's scope of `person:read-history` or `person:read`.
   */
  async list(personId: string, { limit, cursor }: PageQuery): Promise<Page<PersonChangeResponse>> {
    const scope = { purpose: `history of ${personId}`, orgId: currentContext().orgId };
    const before = cursor === undefined ? null : (this.cursors.decode(scope, cursor)[0] as number);
    if (!(await this.people.isInScope(personId, currentMember().grants.get('person:read-history'))))
      throw new Problem('not_found');
    const { items, nextCursor } = this.cursors.page(
      scope,
      await this.history.list(personId, before, limit + 1),
      limit,
      ({ version }) => [version],
    );
    const open = await this.opener(personId);
    this.audit.record('person.history_viewed', {
      target: { type: 'person', id: personId },
      meta: { entries: items.length },
    });
    return {
      items: items.map((row) => ({
        ...row,
        changed: changedFields(row.changed),
        before: formerRecord(row.before, open),
      })),
      nextCursor,
    };
  }

  /**
   * Returns a function that decrypts values. If the person's key was destroyed, encrypted values appear as masks only.
   */
  private async opener(personId: string): Promise<Open> {
    const ring = await this.dataKeys.find(personId);
    if (ring.isEmpty) return (_field, sealed) => (sealed === null ? null : '');
    const cipher = ring.forRow('people', personId);
    return (field, sealed) => cipher.open(SEALED[field], sealed);
  }
}
