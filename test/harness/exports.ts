import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from './client.js';
import { until } from './until.js';

/** An export as the API shows it, as far as tests look. */
export interface SeenExport {
  id: string;
  status: string;
  url: string | null;
  progress: { rows: number };
  bytes: number | null;
  sha256: string | null;
  errorCode: string | null;
}

/** Asks for an export and waits until it is made, or will not be. */
export async function exported(client: Client, request: object): Promise<SeenExport> {
  const { status, body, text } = await client.post<SeenExport>('/v1/exports', request);
  if (status !== 202) throw new Error(`the export was refused: ${text}`);
  return over(client, body.id);
}

/** The export, once it is made or will not be; with a new link where it is ready. */
export async function over(client: Client, id: string): Promise<SeenExport> {
  let seen!: SeenExport;
  await until('the export is over', async () => {
    seen = (await client.get<SeenExport>(`/v1/exports/${id}`)).body;
    return seen.status !== 'queued' && seen.status !== 'running';
  });
  return seen;
}

/** Every file below a folder, as it lies there. */
export async function storedFiles(folder: string): Promise<Buffer[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries.filter((entry) => entry.isFile()).map((entry) => readFile(path.join(entry.parentPath, entry.name))),
  );
}
