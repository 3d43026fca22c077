import { escapeLiteral } from 'pg';
import type { Audience } from '../../platform/http/serializer.js';
import type { Kind, Status } from '../people/index.js';
import type { CsvColumn } from './csv.js';

/** The validated filter; stored with the export. */
export interface PeopleFilter {
  readonly kind?: Kind;
  readonly status?: Status;
}

const time = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

const COLUMNS: readonly CsvColumn[] = [
  { header: 'Id', sql: 'p.id' },
  { header: 'External id', sql: 'p.external_id', staffOnly: true },
  { header: 'Kind', sql: 'p.kind' },
  { header: 'Family name', sql: 'p.family_name' },
  { header: 'Given name', sql: 'p.given_name' },
  { header: 'Title', sql: 'p.title' },
  { header: 'NPI', sql: 'p.npi' },
  { header: 'Status', sql: 'p.status' },
  { header: 'Created', sql: time('p.created_at') },
  { header: 'Updated', sql: time('p.updated_at') },
];

/** Returns the columns of the list of people for an audience. No column is encrypted in the database. */
export function peopleColumns(audience: Audience): readonly CsvColumn[] {
  return COLUMNS.filter(({ staffOnly }) => audience === 'staff' || !staffOnly);
}

/** Returns the FROM clause and its rest for an organization's people, by id. COPY takes no parameters, so values are
 * quoted here. */
export function peopleFrom(orgId: string, { kind, status }: PeopleFilter): string {
  const conditions = [`p.org_id = ${escapeLiteral(orgId)}`];
  if (kind !== undefined) conditions.push(`p.kind = ${escapeLiteral(kind)}`);
  if (status !== undefined) conditions.push(`p.status = ${escapeLiteral(status)}`);
  return `people p WHERE ${conditions.join(' AND ')} ORDER BY p.org_id, p.id`;
}
