import { mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ObjectKeyError, ObjectNotFound } from './errors.js';
import { LocalStorage } from './local-storage.js';
import { objectKey } from './object-key.js';

const id = (n: number): string => `0197a1b2-0000-7000-8000-00000000000${n}`;
const key = objectKey({
  env: 'test',
  orgId: id(1),
  category: 'exports',
  entityId: id(2),
  uuid: id(3),
  filename: 'people.csv',
});

async function* failsAfter(data: string): AsyncGenerator<Buffer> {
  yield Buffer.from(data);
  throw new Error('source broke');
}

describe('local storage', () => {
  let directory: string;
  let storage: LocalStorage;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vouchsafe-storage-'));
    storage = new LocalStorage(join(directory, 'objects'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  const unfinished = (): Promise<string[]> => readdir(join(directory, 'objects', '.unfinished'));

  it('proves a write and leaves no file behind', async () => {
    await storage.proveWrite();
    expect(await unfinished()).toEqual([]);
  });

  it('does not prove a write in a folder that cannot hold files, or without free space', async () => {
    await writeFile(join(directory, 'file'), '');
    await expect(new LocalStorage(join(directory, 'file')).proveWrite()).rejects.toThrow('ENOTDIR');
    await expect(new LocalStorage(directory, Number.MAX_SAFE_INTEGER).proveWrite()).rejects.toThrow('almost full');
  });

  it('stores, reads, replaces, and deletes an object', async () => {
    expect(await storage.put(key, Readable.from([Buffer.from('one'), Buffer.from('two')]))).toEqual({ bytes: 6 });
    expect(await text(storage.get(key))).toBe('onetwo');
    await storage.put(key, Readable.from([Buffer.from('three')]));
    expect(await text(storage.get(key))).toBe('three');
    expect(await storage.exists(key)).toBe(true);
    await storage.delete(key);
    await storage.delete(key);
    expect(await storage.exists(key)).toBe(false);
    expect(await unfinished()).toEqual([]);
  });

  it('stores a large object and an empty one completely', async () => {
    const piece = Buffer.alloc(100_000, 'x');
    const stored = await storage.put(key, Readable.from(Array.from({ length: 50 }, () => piece)));
    expect(stored.bytes).toBe(5_000_000);
    expect((await buffer(storage.get(key))).length).toBe(5_000_000);
    expect(await storage.put(key, Readable.from([]))).toEqual({ bytes: 0 });
    expect(await text(storage.get(key))).toBe('');
  });

  it('creates files and directories without access for other users', async () => {
    await storage.put(key, Readable.from([Buffer.from('x')]));
    const path = join(directory, 'objects', key);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    for (let at = dirname(path); at !== directory; at = dirname(at)) expect((await stat(at)).mode & 0o777).toBe(0o700);
  });

  it('keeps the old object and no partial file when the source fails', async () => {
    await storage.put(key, Readable.from([Buffer.from('old')]));
    await expect(storage.put(key, Readable.from(failsAfter('half')))).rejects.toThrow('source broke');
    expect(await text(storage.get(key))).toBe('old');
    expect(await unfinished()).toEqual([]);
  });

  it('removes old partial files and keeps current ones', async () => {
    expect(await storage.removeUnfinished(new Date())).toBe(0);
    await storage.put(key, Readable.from([Buffer.from('whole')]));
    const [old, young] = ['old', 'young'].map((name) => join(directory, 'objects', '.unfinished', name));
    for (const path of [old!, young!]) await writeFile(path, 'half');
    await utimes(old!, new Date(0), new Date(0));
    expect(await storage.removeUnfinished(new Date(1_000))).toBe(1);
    expect(await unfinished()).toEqual(['young']);
    expect(await text(storage.get(key))).toBe('whole');
  });

  it('throws ObjectNotFound for a missing object', async () => {
    await expect(text(storage.get(key))).rejects.toThrow(ObjectNotFound);
  });

  it('rejects malformed keys', async () => {
    for (const bad of ['../outside', '/etc/passwd', `${key}/../../x`, '.unfinished/x', '']) {
      await expect(storage.put(bad, Readable.from(['x']))).rejects.toThrow(ObjectKeyError);
      await expect(storage.delete(bad)).rejects.toThrow(ObjectKeyError);
      await expect(storage.exists(bad)).rejects.toThrow(ObjectKeyError);
      expect(() => storage.get(bad)).toThrow(ObjectKeyError);
    }
    expect(await readdir(directory)).toEqual([]);
  });

  it('does not follow a symbolic link instead of a file', async () => {
    const [secret, path] = [join(directory, 'secret'), join(directory, 'objects', key)];
    await writeFile(secret, 'not yours');
    await mkdir(dirname(path), { recursive: true });
    await symlink(secret, path);
    await expect(text(storage.get(key))).rejects.toThrow('ELOOP');
    expect(await storage.exists(key)).toBe(false);
    await storage.put(key, Readable.from([Buffer.from('mine')]));
    expect(await readFile(secret, 'utf8')).toBe('not yours');
  });
});
