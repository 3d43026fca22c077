import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import type { WrappedKey } from '../../platform/keys/data-keys.js';
import { insertInto, setList } from '../../platform/database/columns.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import type { Kind, Status } from './person.js';
import { PERSON_COLUMNS, type PersonEntity } from './person.entity.js';

const SUMMARY_COLUMNS = `p.id, p.external_id AS "externalId", p.kind, p.given_name AS "givenName",
  p.family_name AS "familyName",
  p.title, p.npi, p.status, p.updated_at AS "updatedAt"`;
const DETAIL_COLUMNS = 'p.version, p.created_at AS "createdAt"';
const SEALED_COLUMNS = `p.email_enc AS email, p.phone_enc AS phone, p.address_enc AS address,
  p.date_of_birth_enc AS "dateOfBirth", p.ssn_enc AS ssn`;

/** A person with encrypted columns and the wrapped keys that decrypt them. `orgId` and `emailIndex` are left out. */
export type PersonRow = Omit<PersonEntity, 'orgId' | 'emailIndex'> & { keys: WrappedKey[]; [column: string]: unknown };

/** A person in a list. It has no encrypted columns, because a list returns many people and decrypts nothing. */
export type PersonSummaryRow = Pick<
  PersonRow,
  'id' | 'externalId' | 'kind' | 'givenName' | 'familyName' | 'title' | 'npi' | 'status' | 'updatedAt'
>;

export interface PeopleFilter {
  kind?: Kind;
  status?: Status;
  npi?: string;
  emailIndex?: Buffer;
}

/** Reads and writes people. Row policies limit both to the current organization and the caller's scope. */
@Injectable()
export class PeopleRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Returns one person with the person's wrapped keys. One query reads both and returns one row per key. If `toChange`
   * is true, the query locks the row until the transaction ends and finds only people that the caller may change.
   */
  async find(id: string, toChange = false): Promise<PersonRow | null> {
    const rows = await this.unitOfWork.sql<PersonRow & { keyVersion: number | null; wrapped: Buffer | null }>(
      `SELECT ${SUMMARY_COLUMNS}, ${DETAIL_COLUMNS}, ${SEALED_COLUMNS}, d.key_version AS "keyVersion", d.wrapped
         FROM people p LEFT JOIN data_keys d ON d.org_id = p.org_id AND d.subject_id = p.id AND d.purpose = 'data'
        WHERE p.org_id = $1 AND p.id = $2 ${toChange ? 'FOR NO KEY UPDATE OF p' : ''}`,
      [currentContext().orgId, id],
    );
    if (rows[0] === undefined) return null;
    const keys = rows.flatMap(({ keyVersion, wrapped }) => (keyVersion === null ? [] : [{ keyVersion, wrapped }]));
    return { ...rows[0], keys };
  }

  /**
   * Returns whether a person that the caller can read is also within `scope`, the caller's scope for another permission
   * such as person:unlock-contact. Row policies for reading check only the scope of person:read.
   */
  async isInScope(id: string, scope: string | undefined): Promise<boolean> {
    const rows = await this.unitOfWork.sql(
      `SELECT 1 FROM people WHERE org_id = $1 AND id = $2
          AND ($3 = 'org' OR ($3 = 'assigned' AND id = ANY (app.assigned_people()))
            OR ($3 = 'own' AND id = app.own_person_id()))`,
      [currentContext().orgId, id, scope ?? 'none'],
    );
    return rows.length > 0;
  }

  /** Returns one page of people, oldest first; `after` is the last id of the previous page. */
  list(filter: PeopleFilter, after: string | null, limit: number): Promise<PersonSummaryRow[]> {
    const values: unknown[] = [currentContext().orgId, limit];
    const conditions = ['p.org_id = $1', ...reached(values)];
    const add = (condition: string, value: unknown) => {
      if (value === undefined || value === null) return;
      values.push(value);
      conditions.push(condition.replace('?', `$${values.length}`));
    };
    add('p.id > ?', after);
    add('p.kind = ?', filter.kind);
    add('p.status = ?', filter.status);
    add('p.npi = ?', filter.npi);
    add('p.email_index = ?', filter.emailIndex);
    return this.unitOfWork.sql<PersonSummaryRow>(
      `SELECT ${SUMMARY_COLUMNS} FROM people p WHERE ${conditions.join(' AND ')} ORDER BY p.org_id, p.id LIMIT $2`,
      values,
    );
  }

  /** Returns the person with this external id and locks the row until the transaction ends. */
  async findByExternalId(externalId: string): Promise<{ id: string } | null> {
    const [row] = await this.unitOfWork.sql<{ id: string }>(
      'SELECT id FROM people WHERE org_id = $1 AND external_id = $2 FOR UPDATE',
      [currentContext().orgId, externalId],
    );
    return row ?? null;
  }

  async insert(person: Partial<PersonEntity> & { id: string }): Promise<void> {
    const row = { ...person, orgId: currentContext().orgId };
    await this.unitOfWork.executeVarying(insertInto('people', PERSON_COLUMNS, row));
  }

  /** Changes columns of a person. A database trigger stores the previous state and increments the version number. */
  async update(id: string, changes: Partial<PersonEntity>): Promise<void> {
    const values: unknown[] = [currentContext().orgId, id];
    const set = setList(PERSON_COLUMNS, changes, values);
    await this.unitOfWork.executeVarying({
      text: `UPDATE people SET ${set.join(', ')} WHERE org_id = $1 AND id = $2`,
      values,
    });
  }
}

/**
 * Returns an index condition for a caller with the scope `assigned` or `own`. The row policies enforce the same scope.
 * With the policies alone, Postgres would check each person of the organization.
 */
function reached(values: unknown[]): string[] {
  const { member } = currentContext();
  const scope = member?.grants.get('person:read');
  if (scope === 'assigned') return ['p.id = ANY ((SELECT app.assigned_people())::uuid[])'];
  return scope === 'own' ? [`p.id = $${values.push(member!.personId)}`] : [];
}
