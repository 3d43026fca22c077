import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext } from '../../platform/context/context.js';
import { blindIndex, normalizeEmail } from '../../platform/crypto/index.js';
import { DataKeys, type RowCipher } from '../../platform/keys/data-keys.js';
import { isUniqueViolation } from '../../platform/database/errors.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/problem/index.js';
import type { ContactResponse, PeopleQuery, PersonResponse } from './people.dto.js';
import { PeopleRepository, type PersonRow, type PersonSummaryRow } from './people.repository.js';
import type { PersonEntity } from './person.entity.js';
import {
  isSealed,
  maskDateOfBirth,
  maskSsn,
  normalized,
  SEALED,
  type PersonFields,
  type SealedField,
} from './person.js';

const SEALED_FIELDS = Object.keys(SEALED) as SealedField[];

/** Reads and changes people. The database decides which people the caller can see. */
@Injectable()
export class PeopleService {
  constructor(
    private readonly people: PeopleRepository,
    private readonly dataKeys: DataKeys,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
  ) {}

  /** Returns one person with masked identifiers. Throws `not_found` when the person is outside the caller's scope. */
  async read(id: string): Promise<PersonResponse> {
    const row = await this.row(id);
    this.audit.record('person.viewed', { target: { type: 'person', id } });
    return this.present(row);
  }

  /**
   * Returns a page of people, without encrypted fields. Throws `forbidden` when the caller searches by e-mail address
   * but lacks `person:unlock-contact`.
   */
  async list({ limit, cursor, email, ...filter }: PeopleQuery): Promise<Page<PersonSummaryRow>> {
    const scope = { purpose: 'people', orgId: currentContext().orgId };
    const after = this.cursors.lastId(scope, cursor);
    if (email !== undefined && !maySearchContacts()) throw new Problem('forbidden');
    const emailIndex = email === undefined ? undefined : await this.knownEmailIndex(email);
    if (emailIndex === null) return { items: [], nextCursor: null };
    const rows = await this.people.list({ ...filter, emailIndex }, after, limit + 1);
    return this.cursors.page(scope, rows, limit, ({ id }) => [id]);
  }

  /**
   * Returns whether the caller may unlock the contact details of a person. The result is always true for operators and
   * jobs.
   */
  async mayUnlock(id: string): Promise<boolean> {
    const { member } = currentContext();
    return member === null || this.isInScope(id, member.grants.get('person:unlock-contact'));
  }

  /** Returns whether the given scope of another permission covers a person whom the caller can read. */
  isInScope(id: string, scope: string | undefined): Promise<boolean> {
    return this.people.isInScope(id, scope);
  }

  /**
   * Returns the decrypted contact details and records the unlock in the audit log. Throws `not_found` when the person
   * is outside the caller's scope of `person:unlock-contact`.
   */
  async unlockContact(id: string): Promise<ContactResponse> {
    const row = await this.row(id);
    if (!(await this.mayUnlock(id))) throw new Problem('not_found');
    const cipher = await this.cipher(row);
    const contact = {
      id,
      email: cipher.open('email_enc', row.email),
      phone: cipher.open('phone_enc', row.phone),
      address: cipher.open('address_enc', row.address),
    };
    const fields = (['email', 'phone', 'address'] as const).filter((field) => contact[field] !== null);
    this.audit.record('person.contact_unlocked', { target: { type: 'person', id }, meta: { fields } });
    return contact;
  }

  /** Adds a person with a new data key. Throws `external_id_taken` when another person has the external id. */
  async create(fields: PersonFields): Promise<PersonResponse> {
    const id = newId();
    const ring = await this.dataKeys.create(id);
    await this.guardExternalId(async () =>
      this.people.insert({
        id,
        kind: fields.kind!,
        givenName: fields.givenName!,
        familyName: fields.familyName!,
        status: fields.status ?? 'active',
        version: 1,
        ...(await this.seal(ring.forRow('people', id), normalized(fields))),
      }),
    );
    this.audit.record('person.created', {
      target: { type: 'person', id },
      meta: { kind: fields.kind, fields: Object.keys(fields) },
    });
    return this.present(await this.row(id));
  }

  /**
   * Changes the given fields that differ from the record. If none differs, the record stays the same, and the audit
   * event lists no fields. Throws `not_found` when the person is outside the caller's scope. Throws `version_conflict`
   * when the record has a newer version. Throws `external_id_taken` when another person has the external id.
   */
  async update(id: string, { version, ...fields }: PersonFields & { version?: number }): Promise<PersonResponse> {
    const row = await this.row(id, true);
    if (version !== undefined && version !== row.version) throw new Problem('version_conflict');
    const cipher = await this.cipher(row);
    const changes = differing(row, cipher, normalized(fields));
    const changed = Object.keys(changes);
    if (changed.length > 0)
      await this.guardExternalId(async () => this.people.update(id, await this.seal(cipher, changes)));
    const after = await this.row(id);
    this.audit.record('person.updated', {
      target: { type: 'person', id },
      meta: { fields: changed, version: after.version },
    });
    return this.present(after);
  }

  /** Changes the person with this external id. Creates the person if there is none. */
  async upsertByExternalId(externalId: string, fields: PersonFields): Promise<PersonResponse> {
    const known = await this.people.findByExternalId(externalId);
    return known === null ? this.create({ ...fields, externalId }) : this.update(known.id, fields);
  }

  private async row(id: string, toChange = false): Promise<PersonRow> {
    const row = await this.people.find(id, toChange);
    if (row === null) throw new Problem('not_found');
    return row;
  }

  private async cipher({ id, keys }: PersonRow): Promise<RowCipher> {
    return (await this.dataKeys.unwrap(id, 'data', keys)).forRow('people', id);
  }

  private async present(row: PersonRow): Promise<PersonResponse> {
    const { ssn, dateOfBirth } = row;
    const cipher = ssn === null && dateOfBirth === null ? null : await this.cipher(row);
    return {
      ...row,
      hasEmail: row.email !== null,
      hasPhone: row.phone !== null,
      hasAddress: row.address !== null,
      ssn: maskSsn(cipher?.open('ssn_enc', ssn) ?? null),
      dateOfBirth: maskDateOfBirth(cipher?.open('date_of_birth_enc', dateOfBirth) ?? null),
    };
  }

  /** Converts fields to columns: encrypts personal data and computes the blind index of the e-mail address. */
  private async seal(cipher: RowCipher, fields: PersonFields): Promise<Partial<PersonEntity>> {
    const columns: Record<string, unknown> = { ...fields };
    for (const field of SEALED_FIELDS) {
      const value = fields[field];
      if (value !== undefined) columns[field] = cipher.seal(SEALED[field], value);
    }
    if (fields.email !== undefined)
      columns.emailIndex = fields.email === null ? null : await this.emailIndex(fields.email);
    return columns;
  }

  /** Returns the blind index of an e-mail address, or null when the organization has no index key yet. */
  private async knownEmailIndex(email: string): Promise<Buffer | null> {
    const ring = await this.dataKeys.knownOfOrganization('index');
    return ring === null ? null : blindIndex(ring.current, normalizeEmail(email));
  }

  private async emailIndex(email: string): Promise<Buffer> {
    const ring = await this.dataKeys.ofOrganization('index');
    return blindIndex(ring.current, normalizeEmail(email));
  }

  private async guardExternalId<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (isUniqueViolation(error, 'people_org_id_external_id_key')) throw new Problem('external_id_taken');
      throw error;
    }
  }
}

/**
 * Returns the fields whose values differ from the row. Encrypted columns are decrypted for the comparison, because two
 * encryptions of the same text produce different bytes.
 */
function differing(row: PersonRow, cipher: RowCipher, fields: PersonFields): PersonFields {
  const stored = (field: string) => (isSealed(field) ? cipher.open(SEALED[field], row[field]) : row[field]);
  return Object.fromEntries(Object.entries(fields).filter(([field, value]) => value !== stored(field)));
}

/**
 * Returns whether the caller may search by e-mail address. A match reveals the address, so the search needs the
 * permission to unlock it.
 */
function maySearchContacts(): boolean {
  const { member } = currentContext();
  return member === null || member.grants.has('person:unlock-contact');
}
