import { createHash } from 'node:crypto';
import { pipeline, Transform, type Readable } from 'node:stream';
import { openStream, sealStream, type KeyFor, type CipherContext } from '../crypto/index.js';
import { parseObjectKey } from './object-key.js';
import type { ObjectStorage } from './object-storage.js';

/** The data key of the organization (or person) an object belongs to, and its key version. */
export interface SealingKey {
  readonly key: Buffer;
  readonly keyVersion: number;
}

/** What was stored: length and SHA-256 digest of the plain bytes, and the length of the sealed ones. */
export interface StoredObject {
  readonly bytes: number;
  readonly sha256: Buffer;
  readonly sealedBytes: number;
}

/**
 * The one way to files: bytes are sealed before the storage sees them and opened after, bound to
 * their key. An object copied to another organization, category, entity or name does not open;
 * another environment's prefix alone is no obstacle, so that a backup can be tried elsewhere.
 */
export class EncryptedStorage {
  constructor(private readonly storage: ObjectStorage) {}

  /** Seals and stores the whole of `source`, or nothing. */
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
    const sealed = chain(source, measure, sealStream(seal.key, seal.keyVersion, placeOf(key)));
    const stored = await this.storage.put(key, sealed);
    return { bytes, sha256: digest.digest(), sealedBytes: stored.bytes };
  }

  /**
   * The plain bytes. The stream fails with ObjectNotFound, DecryptionFailed or what `keyFor`
   * throws; after a failure, discard what came before.
   */
  get(key: string, keyFor: KeyFor): Readable {
    return chain(this.storage.get(key), openStream(keyFor, placeOf(key)));
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
}

/** The place an object is bound to: all of its key but the environment. */
function placeOf(key: string): CipherContext {
  const { orgId, category, entityId, uuid, filename } = parseObjectKey(key);
  return { orgId, table: 'objects', column: category, rowId: `${entityId}/${uuid}-${filename}` };
}

/** Joins streams: a failure anywhere destroys them all and reaches the reader of the last one as its own. */
function chain(source: Readable, ...transforms: [Transform, ...Transform[]]): Transform {
  pipeline([source, ...transforms], () => undefined);
  return transforms.at(-1)!;
}
