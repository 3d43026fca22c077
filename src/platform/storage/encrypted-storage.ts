import { createHash } from 'node:crypto';
import { pipeline, Transform, type Readable } from 'node:stream';
import { openStream, sealStream, type KeyFor, type CipherContext } from '../crypto/index.js';
import { parseObjectKey } from './object-key.js';
import type { ObjectStorage } from './object-storage.js';

/** The data key of an object, which belongs to an organization or a person, and its version. */
export interface SealingKey {
  readonly key: Buffer;
  readonly keyVersion: number;
}

/** The stored object: length and SHA-256 digest of the plaintext, and length of the ciphertext. */
export interface StoredObject {
  readonly bytes: number;
  readonly sha256: Buffer;
  readonly sealedBytes: number;
}

/**
 * Encrypts and decrypts stored objects, bound to their key. All access to files uses this class. An object copied to
 * another organization, category, entity, or name cannot be decrypted. The environment prefix is not bound, so that a
 * backup can be restored in another environment.
 */
export class EncryptedStorage {
  constructor(private readonly storage: ObjectStorage) {}

  /** Encrypts and stores all of `source`, or nothing. */
  async put(key: string, source: Readable, seal: SealingKey): Promise<StoredObject> {
    const digest = createHash('sha256');
    let bytes = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        digest.update(chunk);
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    const sealed = chain(source, measure, sealStream(seal.key, seal.keyVersion, contextOf(key)));
    const stored = await this.storage.put(key, sealed);
    return { bytes, sha256: digest.digest(), sealedBytes: stored.bytes };
  }

  /**
   * Returns the plaintext. The stream fails with ObjectNotFound, DecryptionFailed, or the error of `keyFor`; after a
   * failure, discard the earlier output.
   */
  get(key: string, keyFor: KeyFor): Readable {
    return chain(this.storage.get(key), openStream(keyFor, contextOf(key)));
  }

  delete(key: string): Promise<void> {
    return this.storage.delete(key);
  }

  exists(key: string): Promise<boolean> {
    return this.storage.exists(key);
  }

  removeUnfinished(before: Date): Promise<number> {
    return this.storage.removeUnfinished(before);
  }

  proveWrite(): Promise<void> {
    return this.storage.proveWrite();
  }
}

/** Returns the cipher context of an object: its key without the environment. */
function contextOf(key: string): CipherContext {
  const { orgId, category, entityId, uuid, filename } = parseObjectKey(key);
  return { orgId, table: 'objects', column: category, rowId: `${entityId}/${uuid}-${filename}` };
}

/** Joins streams. A failure in one destroys all and reaches the reader of the last one. */
function chain(source: Readable, ...transforms: [Transform, ...Transform[]]): Transform {
  pipeline([source, ...transforms], () => undefined);
  return transforms.at(-1)!;
}
