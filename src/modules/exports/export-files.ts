import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { AppConfig } from '../../platform/config/index.js';
import { currentContext } from '../../platform/context/context.js';
import { DataKeys, type KeyRing } from '../../platform/keys/data-keys.js';
import { Problem } from '../../platform/problem/index.js';
import { EncryptedStorage, objectKey, type SealingKey, type StorageEnvironment } from '../../platform/storage/index.js';
import { FILES, type ExportKind } from './export.js';
import type { LinkedFile } from './exports.repository.js';

/**
 * Stores export files and selects their encryption key. A person's record is encrypted under that person's key, so
 * that it cannot be decrypted after that key is destroyed. Other files use the organization's key.
 */
@Injectable()
export class ExportFiles {
  constructor(
    readonly storage: EncryptedStorage,
    private readonly dataKeys: DataKeys,
    private readonly app: AppConfig,
  ) {}

  /** Returns a new unique object key. */
  newObjectKey(exportId: string, kind: ExportKind): string {
    const env = this.app.environment as StorageEnvironment;
    return objectKey({
      env,
      orgId: currentContext().orgId,
      category: 'exports',
      entityId: exportId,
      uuid: newId(),
      filename: FILES[kind].name,
    });
  }

  /**
   * Returns the encryption key for a new file. Requires a transaction. Throws not_found for an erased person.
   */
  async sealingKey(personId: string | null): Promise<SealingKey> {
    const ring = await this.ring(personId);
    if (ring.isEmpty) throw new Problem('not_found');
    return { key: ring.current, keyVersion: ring.keyVersion };
  }

  /** Decrypts the content of a file. Throws export_link_expired when the file or its key no longer exists. */
  async open({ objectKey: key, personId, keyVersion }: LinkedFile): Promise<Readable> {
    const ring = await this.ring(personId, keyVersion);
    if (ring.isEmpty || !(await this.storage.exists(key))) throw new Problem('export_link_expired');
    return this.storage.get(key, ring.keyFor);
  }

  private ring(personId: string | null, keyVersion?: number): Promise<KeyRing> {
    return personId === null ? this.dataKeys.ofOrganization('data', keyVersion) : this.dataKeys.find(personId);
  }
}
