import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from './client.js';
import { until } from './until.js';

/** The fields of an export that the tests read. */
export interface ExportView {
  id: string;
  status: string;
  url: string | null;
  progress: { rows: number };
  bytes: number | null;
  sha256: string | null;
  errorCode: string | null;
}

/** Requests an export and waits until it is ready or has failed. */
export async function exported(client: Client, request: object): Promise<ExportView> {
  const { status, body, text } = await client.post<ExportView>('/v1/exports', request);
  if (status !== 202) throw new Error(`the export was rejected: ${text}`);
  return over(client, body.id);
}

/** Returns the export once it is ready or has failed; a ready one has a new link. */
export async function over(client: Client, id: string): Promise<ExportView> {
  let seen!: ExportView;
  await until('the export is ready or has failed', async () => {
    seen = (await client.get<ExportView>(`/v1/exports/${id}`)).body;
    return seen.status !== 'queued' && seen.status !== 'running';
  });
  return seen;
}

/** Returns the content of every file below a folder. */
export async function storedFiles(folder: string): Promise<Buffer[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries.filter((entry) => entry.isFile()).map((entry) => readFile(path.join(entry.parentPath, entry.name))),
  );
}
