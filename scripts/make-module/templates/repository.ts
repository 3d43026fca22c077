import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';

export interface $Thing$Row {
  id: string;
  title: string;
  createdAt: Date;
  updatedAt: Date;
  [column: string]: unknown;
}

const COLUMNS = 'id, title, created_at AS "createdAt", updated_at AS "updatedAt"';

/** Reads and writes rows of the current organization. Row policies limit them to those that the caller may see. */
@Injectable()
export class $Things$Repository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns a page, newest first; `before` is the last id of the previous page. */
  list(before: string | null, limit: number): Promise<$Thing$Row[]> {
    return this.unitOfWork.sql<$Thing$Row>(
      `SELECT ${COLUMNS} FROM $table$
        WHERE org_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
      [currentContext().orgId, before, limit],
    );
  }

  find(id: string): Promise<$Thing$Row | null> {
    return this.one(`SELECT ${COLUMNS} FROM $table$ WHERE org_id = $1 AND id = $2`, [id]);
  }

  async insert(id: string, title: string): Promise<$Thing$Row> {
    const row = await this.one(
      `INSERT INTO $table$ (org_id, id, title) VALUES ($1, $2, $3) RETURNING ${COLUMNS}`,
      [id, title],
    );
    return row!;
  }

  /** Returns null when there is no such row. */
  update(id: string, { title }: { title?: string }): Promise<$Thing$Row | null> {
    return this.one(
      `UPDATE $table$ SET title = coalesce($3, title), updated_at = now()
        WHERE org_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
      [id, title ?? null],
    );
  }

  /** Returns null when there is no such row. */
  remove(id: string): Promise<$Thing$Row | null> {
    return this.one(`DELETE FROM $table$ WHERE org_id = $1 AND id = $2 RETURNING ${COLUMNS}`, [id]);
  }

  private async one(sql: string, values: unknown[]): Promise<$Thing$Row | null> {
    const [row] = await this.unitOfWork.sql<$Thing$Row>(sql, [currentContext().orgId, ...values]);
    return row ?? null;
  }
}
