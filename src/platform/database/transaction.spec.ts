import { describe, expect, it } from '@jest/globals';
import type { PoolClient, QueryResult } from 'pg';
import { Transaction } from './transaction.js';

/** A fake connection with given responses that records the sent statements. */
class FakeClient {
  readonly sent: (string | { text: string; name?: string })[] = [];
  released: unknown[] = [];
  readonly connection = { stream: { cork: () => undefined, uncork: () => undefined } };

  constructor(private readonly answers: Record<string, Partial<QueryResult> | Error> = {}) {}

  query(statement: string | { text: string; name?: string }): Promise<Partial<QueryResult>> {
    this.sent.push(statement);
    const text = typeof statement === 'string' ? statement : statement.text;
    const answer = this.answers[text] ?? { command: text, rows: [] };
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }

  release(error?: unknown): void {
    this.released.push(error);
  }
}

const begin = (client: FakeClient, { prepare = true, readOnly = false } = {}) =>
  new Transaction(client as unknown as PoolClient, prepare, readOnly);
const insert = { text: 'INSERT', values: [] };

describe('a transaction', () => {
  it('sends the last statements with COMMIT in order and releases the connection', async () => {
    const client = new FakeClient();
    await begin(client).commit([insert, insert]);
    expect(client.sent.map((statement) => (typeof statement === 'string' ? statement : statement.text))).toEqual([
      'INSERT',
      'INSERT',
      'COMMIT',
    ]);
    expect(client.released).toEqual([undefined]);
  });

  it('fails and commits nothing when its last statement fails', async () => {
    const client = new FakeClient({ INSERT: new Error('refused'), COMMIT: { command: 'ROLLBACK' } });
    await expect(begin(client).commit([insert])).rejects.toThrow('refused');
  });

  it('fails when COMMIT returns a rollback because an earlier statement failed', async () => {
    await expect(begin(new FakeClient({ COMMIT: { command: 'ROLLBACK' } })).commit()).rejects.toThrow(
      'rolled back by an earlier error',
    );
  });

  it('destroys a connection whose rollback failed', async () => {
    const lost = new Error('lost');
    const client = new FakeClient({ ROLLBACK: lost });
    await begin(client).rollback();
    expect(client.released).toEqual([lost]);
  });

  it('cannot be used or ended again after its end', async () => {
    const client = new FakeClient();
    const transaction = begin(client);
    await transaction.rollback();
    await transaction.rollback();
    expect(transaction.open).toBe(false);
    expect(client.sent).toEqual(['ROLLBACK']);
    await expect(transaction.send(insert)).rejects.toThrow('the transaction has ended');
    await expect(transaction.commit()).rejects.toThrow('the transaction has ended');
  });

  it('that only reads does not wait for COMMIT and ignores its failure', async () => {
    const client = new FakeClient({ COMMIT: new Error('too late') });
    await expect(begin(client, { readOnly: true }).commit()).resolves.toBeUndefined();
  });
});

describe('the name of a statement', () => {
  const nameOf = async (text: string, prepare = true) => {
    const client = new FakeClient();
    await begin(client, { prepare }).send({ text, values: [] });
    return (client.sent[0] as { name?: string }).name;
  };

  it('depends only on the text', async () => {
    const name = await nameOf('SELECT 1');
    expect(await nameOf('SELECT 1')).toBe(name);
    expect(await nameOf('SELECT 2')).not.toBe(name);
  });

  it('is omitted for a statement whose text varies with the input', async () => {
    const client = new FakeClient();
    await begin(client).send({ text: 'UPDATE', values: [], prepare: false });
    expect(client.sent).toEqual([{ text: 'UPDATE', values: [] }]);
  });

  it('cannot be guessed and fits into the Postgres limit', async () => {
    const name = await nameOf('SELECT 3');
    expect(name).toMatch(/^s[0-9a-f]{24}_\d+$/);
    expect(name!.length).toBeLessThan(64);
  });

  it('is omitted when prepared statements are off', async () => {
    expect(await nameOf('SELECT 1', false)).toBeUndefined();
  });
});
