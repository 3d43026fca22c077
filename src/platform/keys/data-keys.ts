import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SYSTEM_ORG_ID } from '../clock/id.js';
import { currentContext } from '../context/context.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { openTextNullable, sealNullable } from '../crypto/envelope.js';
import { DecryptionFailed } from '../crypto/errors.js';
import { Kms } from '../crypto/kms.js';

/** The subject that stands for the organization itself. */
export const ORGANIZATION = SYSTEM_ORG_ID;

type Purpose = 'data' | 'index';

/** A data key as it lies in the database, wrapped by the KMS; null once destroyed. */
export interface WrappedKey {
  keyVersion: number;
  wrapped: Buffer | null;
}

/** The data keys of one subject: the newest seals, every key version opens. */
export class KeyRing {
  constructor(private readonly keys: ReadonlyMap<number, Buffer>) {}

  get isEmpty(): boolean {
    return this.keys.size === 0;
  }

  /** The newest key version; -Infinity for an empty ring. */
  get keyVersion(): number {
    return Math.max(...this.keys.keys());
  }

  get current(): Buffer {
    return this.keyFor(this.keyVersion);
  }

  /** Throws DecryptionFailed for a key version that does not exist, or was destroyed. */
  readonly keyFor = (keyVersion: number): Buffer => {
    const key = this.keys.get(keyVersion);
    if (key === undefined) throw new DecryptionFailed('a destroyed or unknown data key');
    return key;
  };

  /** Seals and opens the fields of one row. */
  forRow(table: string, rowId: string, orgId = currentContext().orgId): RowCipher {
    return new RowCipher(this, orgId, table, rowId);
  }
}

/** Seals and opens the columns of one row of the current organization; null stays null. */
export class RowCipher {
  constructor(
    private readonly ring: KeyRing,
    private readonly orgId: string,
    private readonly table: string,
    private readonly rowId: string,
  ) {}

  seal(column: string, text: string | null): Buffer | null {
    return sealNullable(this.ring.current, this.ring.keyVersion, text, this.place(column));
  }

  open(column: string, sealed: Buffer | null): string | null {
    return openTextNullable(this.ring.keyFor, sealed, this.place(column));
  }

  private place(column: string) {
    return { orgId: this.orgId, table: this.table, column, rowId: this.rowId };
  }
}

/**
 * Data keys of the current organization and of its people. Each is made in the transaction that first needs it and
 * lies in the database wrapped by the KMS, bound to organization, subject and purpose.
 */
@Injectable()
export class DataKeys {
  private readonly organizationRings = new Map<string, KeyRing>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly kms: Kms,
  ) {}

  /** A new key of key version 1 for a subject. */
  async create(subjectId: string, purpose: Purpose = 'data'): Promise<KeyRing> {
    const { orgId } = currentContext();
    const key = randomBytes(32);
    const wrapped = await this.kms.wrap(key, wrapContext(orgId, subjectId, purpose));
    await this.unitOfWork.execute(
      `INSERT INTO data_keys (org_id, subject_id, purpose, key_version, wrapped) VALUES ($1, $2, $3, 1, $4)
         ON CONFLICT DO NOTHING`,
      [orgId, subjectId, purpose, wrapped],
    );
    return this.find(subjectId, purpose);
  }

  /** The keys of a subject; an empty ring when it has none. */
  async find(subjectId: string, purpose: Purpose = 'data'): Promise<KeyRing> {
    const rows = await this.unitOfWork.sql<WrappedKey & Record<string, unknown>>(
      'SELECT key_version AS "keyVersion", wrapped FROM data_keys WHERE org_id = $1 AND subject_id = $2 AND purpose = $3',
      [currentContext().orgId, subjectId, purpose],
    );
    return this.unwrap(subjectId, purpose, rows);
  }

  /** A ring from rows that came along with another query, so that reading a record costs one round trip. */
  async unwrap(
    subjectId: string,
    purpose: Purpose,
    rows: readonly WrappedKey[],
    orgId = currentContext().orgId,
  ): Promise<KeyRing> {
    const keys = new Map<number, Buffer>();
    for (const { keyVersion, wrapped } of rows) {
      if (wrapped !== null)
        keys.set(keyVersion, await this.kms.unwrap(wrapped, wrapContext(orgId, subjectId, purpose)));
    }
    return new KeyRing(keys);
  }

  /** The organization's own keys, or null before anything needed one: for those who only look. */
  async knownOfOrganization(purpose: Purpose): Promise<KeyRing | null> {
    const known = this.organizationRings.get(`${currentContext().orgId}|${purpose}`);
    if (known !== undefined) return known;
    const found = await this.find(ORGANIZATION, purpose);
    return found.isEmpty ? null : found;
  }

  /**
   * The organization's own keys, made at first use and remembered once that is committed: they are never destroyed
   * while the
   * organization lives. A row sealed by a newer key version is answered by reading again.
   */
  async ofOrganization(purpose: Purpose = 'data', keyVersion = 0): Promise<KeyRing> {
    const { orgId, transaction } = currentContext();
    const id = `${orgId}|${purpose}`;
    const known = this.organizationRings.get(id);
    if (known !== undefined && known.keyVersion >= keyVersion) return known;
    const found = await this.find(ORGANIZATION, purpose);
    const ring = found.isEmpty ? await this.create(ORGANIZATION, purpose) : found;
    transaction?.afterCommit(() => this.organizationRings.set(id, ring));
    return ring;
  }
}

function wrapContext(orgId: string, subjectId: string, purpose: Purpose): string {
  return `${orgId}|${subjectId}|${purpose}`;
}
