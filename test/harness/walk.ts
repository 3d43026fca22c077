import type { Client } from './client.js';

/** Returns every item of a list, from all pages. */
export async function walk<T = any>(client: Client, path: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const { status, text, body }: { status: number; text: string; body: { items: T[]; nextCursor: string | null } } =
      await client.get(`${path}${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    if (status !== 200) throw new Error(text);
    items.push(...body.items);
    cursor = body.nextCursor;
  } while (cursor !== null);
  return items;
}
