import type { Readable } from 'node:stream';

/**
 * Stores encrypted objects. Only `EncryptedStorage` uses it. Keys come from `objectKey`; every method throws
 * ObjectKeyError for other keys.
 */
export interface ObjectStorage {
  /**
   * Stores the complete stream or nothing. Readers never see a partial object. When `source` fails, an earlier object
   * under the key remains.
   *
   * @returns the number of stored bytes
   */
  put(key: string, source: Readable): Promise<{ bytes: number }>;
  /** Returns the stored bytes; the stream fails with ObjectNotFound when there are none. */
  get(key: string): Readable;
  /** Removes the object. Does nothing when there is none. */
  delete(key: string): Promise<void>;
  exists(key: string): Promise<boolean>;
  /** Removes partial files of interrupted writes that are older than `before`. Returns their number. */
  removeUnfinished(before: Date): Promise<number>;
  /** Proves that an object can be stored. Throws when the storage is full or not writable. */
  proveWrite(): Promise<void>;
}
