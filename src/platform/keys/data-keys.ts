import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SYSTEM_ORG_ID } from '../clock/id.js';
import { currentContext } from '../context/context.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { openTextNullable, sealNullable } from '../crypto/envelope.js';
import { DecryptionFailed } from '../crypto/errors.js';
import { Kms } from '../crypto/kms.js';

/** The subject id of keys that belong to the organization itself. */
export const ORGANIZATION = SYSTEM_ORG_ID;

type Purpose = 'data' | 'index';

/** A data key as stored in the database, wrapped by the KMS; null after its destruction. */
export interface WrappedKey {
  keyVersion: number;
  wrapped: Buffer | null;
}

/** The data keys of one subject. The newest version encrypts; every version decrypts. */
export class KeyRing {
  constructor(private readonly keys: ReadonlyMap<number, Buffer>) {}

  get isEmpty(): boolean {
    return this.keys.size === 0;
  }

  /** The newest key version, or -Infinity for an empty ring. */
  get keyVersion(): number {
    return Math.max(...this.keys.keys());
  }

  get current(): Buffer {
    return this.keyFor(this.keyVersion);
  }

  /** Returns the key of a version. Throws DecryptionFailed if it does not exist or was destroyed. */
  readonly keyFor = (keyVersion: number): Buffer => {
    const key = this.keys.get(keyVersion);
    if (key === undefined) throw new DecryptionFailed('a destroyed or unknown data key');
    return key;
  };

  /** Returns the cipher for the fields of one row. */
  forRow(table: string, rowId: string, orgId = currentContext().orgId): RowCipher {
    return new RowCipher(this, orgId, table, rowId);
  }
}

/** Encrypts and decrypts the columns of one row of the current organization; null stays null. */
export class RowCipher {
  constructor(
    private readonly ring: KeyRing,
    private readonly orgId: string,
    private readonly table: string,
    private readonly rowId: string,
  ) {}

  seal(column: string, text: string | null): Buffer | null {
    return sealNullable(this.ring.current, this.ring.keyVersion, text, this.cipherContext(column));
  }

  open(column: string, sealed: Buffer | null): string | null {
    return openTextNullable(this.ring.keyFor, sealed, this.cipherContext(column));
  }

  private cipherContext(column: string) {
    return { orgId: this.orgId, table: this.table, column, rowId: this.rowId };
  }
}

/**
 * Manages the data keys of the current organization and its people. A key is created in the transaction that first
 * needs it. The database stores it wrapped by the KMS and bound to organization, subject, and purpose.
 */
@Injectable()
export class DataKeys {
  private readonly organizationRings = new Map<string, KeyRing>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly kms: Kms,
  ) {}

  /** Creates the first key of a subject with version 1. */
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

  /** Returns the keys of a subject, or an empty ring. */
  async find(subjectId: string, purpose: Purpose = 'data'): Promise<KeyRing> {
    const rows = await this.unitOfWork.sql<WrappedKey & Record<string, unknown>>(
      `SELECT key_version AS "keyVersion", wrapped FROM data_keys
        WHERE org_id = $1 AND subject_id = $2 AND purpose = $3`,
      [currentContext().orgId, subjectId, purpose],
    );
    return this.unwrap(subjectId, purpose, rows);
  }

  /** Returns a ring from rows that another query has read, which saves a round trip. */
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

  /** Returns the keys of the organization, or null if none exist, for readers that must not create a key. */
  async knownOfOrganization(purpose: Purpose): Promise<KeyRing | null> {
    const cached = this.organizationRings.get(`${currentContext().orgId}|${purpose}`);
    if (cached !== undefined) return cached;
    const found = await this.find(ORGANIZATION, purpose);
    return found.isEmpty ? null : found;
  }

  /**
   * Returns the keys of the organization and creates them at first use. They are cached after the commit, because they
   * are never destroyed while the organization exists. If a row has a newer key version, the cache is refreshed.
   */
  async ofOrganization(purpose: Purpose = 'data', keyVersion = 0): Promise<KeyRing> {
    const { orgId, transaction } = currentContext();
    const id = `${orgId}|${purpose}`;
    const cached = this.organizationRings.get(id);
    if (cached !== undefined && cached.keyVersion >= keyVersion) return cached;
    const found = await this.find(ORGANIZATION, purpose);
    const ring = found.isEmpty ? await this.create(ORGANIZATION, purpose) : found;
    transaction?.afterCommit(() => this.organizationRings.set(id, ring));
    return ring;
  }
}

function wrapContext(orgId: string, subjectId: string, purpose: Purpose): string {
  return `${orgId}|${subjectId}|${purpose}`;
}
