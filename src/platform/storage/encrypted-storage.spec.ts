import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { DecryptionFailed } from '../crypto/index.js';
import { EncryptedStorage } from './encrypted-storage.js';
import { ObjectKeyError, ObjectNotFound } from './errors.js';
import { objectKey, type ObjectKeyParts } from './object-key.js';
import type { ObjectStorage } from './object-storage.js';

class MemoryStorage implements ObjectStorage {
  readonly objects = new Map<string, Buffer>();

  async put(key: string, source: Readable): Promise<{ bytes: number }> {
    const data = await buffer(source);
    this.objects.set(key, data);
    return { bytes: data.length };
  }

  get(key: string): Readable {
    const data = this.objects.get(key);
    return new Readable({
      read(): void {
        if (data) this.push(data);
        if (data) this.push(null);
        else this.destroy(new ObjectNotFound());
      },
    });
  }

  async delete(key: string): Promise<void> {
    this.objects.delete(key);
  }

  removeUnfinished(): Promise<number> {
    return Promise.resolve(0);
  }

  proveWrite(): Promise<void> {
    return Promise.resolve();
  }

  async exists(key: string): Promise<boolean> {
    return this.objects.has(key);
  }
}

const parts: ObjectKeyParts = {
  env: 'test',
  orgId: '0197a1b2-0000-7000-8000-000000000001',
  category: 'exports',
  entityId: '0197a1b2-0000-7000-8000-000000000002',
  uuid: '0197a1b2-0000-7000-8000-000000000003',
  filename: 'people.csv',
};
const key = objectKey(parts);
const seal = { key: Buffer.alloc(32, 5), keyVersion: 2 };
const keyFor = (): Buffer => seal.key;

describe('encrypted storage', () => {
  let memory: MemoryStorage;
  let storage: EncryptedStorage;
  beforeEach(() => {
    memory = new MemoryStorage();
    storage = new EncryptedStorage(memory);
  });
  const read = (from: string): Promise<Buffer> => buffer(storage.get(from, keyFor));

  it('stores no plaintext and returns the bytes, digest, and lengths', async () => {
    const data = Buffer.concat([Buffer.from('name,email\r\n'), randomBytes(200_000)]);
    const stored = await storage.put(key, Readable.from([data.subarray(0, 100), data.subarray(100)]), seal);
    expect(stored.bytes).toBe(data.length);
    expect(stored.sha256).toEqual(createHash('sha256').update(data).digest());
    expect(stored.sealedBytes).toBe(memory.objects.get(key)!.length);
    expect(memory.objects.get(key)!.includes('name,email')).toBe(false);
    expect((await read(key)).equals(data)).toBe(true);
    expect(await storage.exists(key)).toBe(true);
    await storage.delete(key);
    expect(await storage.exists(key)).toBe(false);
  });

  it('does not decrypt an object copied to another organization, category, entity, or name', async () => {
    await storage.put(key, Readable.from(['secret']), seal);
    const elsewhere: Partial<ObjectKeyParts>[] = [
      { orgId: parts.uuid },
      { category: 'documents' },
      { entityId: parts.uuid },
      { uuid: parts.orgId },
      { filename: 'other.csv' },
    ];
    for (const change of elsewhere) {
      const other = objectKey({ ...parts, ...change });
      memory.objects.set(other, memory.objects.get(key)!);
      await expect(read(other)).rejects.toThrow(DecryptionFailed);
    }
  });

  it('stores nothing when the source fails halfway', async () => {
    const failing = Readable.from(
      (async function* () {
        yield randomBytes(200_000);
        throw new Error('the query was cancelled');
      })(),
    );
    await expect(storage.put(key, failing, seal)).rejects.toThrow('the query was cancelled');
    expect(memory.objects.size).toBe(0);
  });

  it('distinguishes a missing object, a damaged object, and an invalid key', async () => {
    await expect(read(key)).rejects.toThrow(ObjectNotFound);
    memory.objects.set(key, Buffer.alloc(100, 1));
    await expect(read(key)).rejects.toThrow(DecryptionFailed);
    expect(() => storage.get('../../etc/passwd', keyFor)).toThrow(ObjectKeyError);
    await expect(storage.put('../../etc/passwd', Readable.from(['x']), seal)).rejects.toThrow(ObjectKeyError);
  });
});
