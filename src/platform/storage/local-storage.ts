import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ObjectNotFound } from './errors.js';
import { parseObjectKey } from './object-key.js';
import type { ObjectStorage } from './object-storage.js';

/** The directory of partial files. It is in the same file system as the objects, so that the final rename is atomic. */
const UNFINISHED = '.unfinished';
/** The file system counts as full below this number of free bytes. */
const MIN_FREE_BYTES = 64 * 1024 * 1024;

/**
 * Stores objects as files under one directory that only this user can access (files 0600, directories 0700). A file
 * gets its name only after it is complete and synced to disk.
 */
export class LocalStorage implements ObjectStorage {
  private readonly root: string;

  /** @param directory the STORAGE_DIR variable; created if missing */
  constructor(
    directory: string,
    private readonly minFreeBytes = MIN_FREE_BYTES,
  ) {
    this.root = resolve(directory);
  }

  async put(key: string, source: Readable): Promise<{ bytes: number }> {
    const target = this.pathOf(key);
    const unfinished = join(this.root, UNFINISHED, randomUUID());
    try {
      await mkdir(dirname(unfinished), { recursive: true, mode: 0o700 });
      const bytes = await writeWhole(unfinished, source);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await rename(unfinished, target);
      await syncDirectories(dirname(target), this.root);
      return { bytes };
    } catch (error) {
      source.destroy();
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  get(key: string): Readable {
    return Readable.from(readWhole(this.pathOf(key)), { objectMode: false });
  }

  async delete(key: string): Promise<void> {
    await rm(this.pathOf(key), { force: true });
  }

  async exists(key: string): Promise<boolean> {
    const path = this.pathOf(key);
    try {
      return (await lstat(path)).isFile();
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async removeUnfinished(before: Date): Promise<number> {
    const directory = join(this.root, UNFINISHED);
    let removed = 0;
    for (const name of await readdir(directory).catch(nothingIfMissing)) {
      const path = join(directory, name);
      const stats = await lstat(path).catch(nothingIfMissing);
      if (Array.isArray(stats) || stats.mtime >= before) continue;
      await rm(path, { force: true });
      removed += 1;
    }
    return removed;
  }

  async proveWrite(): Promise<void> {
    const proof = join(this.root, UNFINISHED, randomUUID());
    try {
      await mkdir(dirname(proof), { recursive: true, mode: 0o700 });
      await writeWhole(proof, Readable.from([Buffer.alloc(1)]));
    } finally {
      await rm(proof, { force: true });
    }
    const { bavail, bsize } = await statfs(this.root);
    if (bavail * bsize < this.minFreeBytes) throw new Error('the storage is almost full');
  }

  private pathOf(key: string): string {
    parseObjectKey(key);
    return join(this.root, key);
  }
}

/** Writes a new file and syncs it to disk. */
async function writeWhole(path: string, source: Readable): Promise<number> {
  const file = await open(path, 'wx', 0o600);
  let bytes = 0;
  try {
    await pipeline(source, async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        await file.writeFile(chunk);
        bytes += chunk.length;
      }
    });
    await file.sync();
  } finally {
    await file.close();
  }
  return bytes;
}

/** Reads a file without following symbolic links. */
async function* readWhole(path: string): AsyncGenerator<Buffer> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    throw isMissing(error) ? new ObjectNotFound() : error;
  }
  yield* file.createReadStream() as AsyncIterable<Buffer>;
}

/** Syncs the parent directories. Without this, a power failure can lose the renamed file. */
async function syncDirectories(from: string, root: string): Promise<void> {
  for (let directory = from; directory.length >= root.length; directory = dirname(directory)) {
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (directory === root) return;
  }
}

function nothingIfMissing(error: unknown): [] {
  if (isMissing(error)) return [];
  throw error;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
