import { Injectable } from '@nestjs/common';
import type { Create$Thing$Dto, Update$Thing$Dto } from './$things$.dto.js';
import { $Things$Repository, type $Thing$Row } from './$things$.repository.js';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext } from '../../platform/context/context.js';
import type { PageQuery } from '../../platform/http/pagination.dto.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/problem/index.js';

/** Manages $words$ of the current organization. Events are written in the transaction of the change. */
@Injectable()
export class $Things$Service {
  constructor(
    private readonly $camelThings$: $Things$Repository,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
  ) {}

  /** Returns a page, newest first. */
  async list({ limit, cursor }: PageQuery): Promise<Page<$Thing$Row>> {
    const scope = { purpose: '$things$', orgId: currentContext().orgId };
    const before = this.cursors.lastId(scope, cursor);
    const rows = await this.$camelThings$.list(before, limit + 1);
    return this.cursors.page(scope, rows, limit, ({ id }) => [id]);
  }

  /** Throws not_found. */
  async read(id: string): Promise<$Thing$Row> {
    return found(await this.$camelThings$.find(id));
  }

  async create({ title }: Create$Thing$Dto): Promise<$Thing$Row> {
    const row = await this.$camelThings$.insert(newId(), title);
    this.audit.record('$event$.created', { target: { type: '$thing$', id: row.id } });
    return row;
  }

  /** Changes the given fields. Throws not_found. */
  async update(id: string, changes: Update$Thing$Dto): Promise<$Thing$Row> {
    const row = found(await this.$camelThings$.update(id, changes));
    this.audit.record('$event$.updated', { target: { type: '$thing$', id }, meta: { fields: Object.keys(changes) } });
    return row;
  }

  /** Throws not_found. */
  async remove(id: string): Promise<void> {
    found(await this.$camelThings$.remove(id));
    this.audit.record('$event$.deleted', { target: { type: '$thing$', id } });
  }
}

function found<T>(row: T | null): T {
  if (row === null) throw new Problem('not_found');
  return row;
}
