import type { Readable } from 'node:stream';

/**
 * Where files live. It sees sealed bytes only: go through `EncryptedStorage`, which is the one
 * user of this. Keys come from `objectKey`; every method refuses others with ObjectKeyError.
 */
export interface ObjectStorage {
  /**
   * Stores the whole stream or nothing: a reader never sees a part of it, and when `source`
   * fails, neither this object nor an earlier one under the key is touched.
   * @returns how many bytes were stored
   */
  put(key: string, source: Readable): Promise<{ bytes: number }>;
  /** The stored bytes; the stream fails with ObjectNotFound when there are none. */
  get(key: string): Readable;
  /** Removes the object; does nothing when there is none. */
  delete(key: string): Promise<void>;
  exists(key: string): Promise<boolean>;
  /** Removes what writers that died left half written, last touched before a moment. Returns how much it was. */
  removeUnfinished(before: Date): Promise<number>;
}
