import { describe, expect, it } from '@jest/globals';
import type { PoolClient, QueryResult } from 'pg';
import { Transaction } from './transaction.js';

/** A connection that answers what it is told to, and remembers what it was sent. */
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
  it('sends the last statements with COMMIT, in order, and gives the connection back', async () => {
    const client = new FakeClient();
    await begin(client).commit([insert, insert]);
    expect(client.sent.map((statement) => (typeof statement === 'string' ? statement : statement.text))).toEqual([
      'INSERT',
      'INSERT',
      'COMMIT',
    ]);
    expect(client.released).toEqual([undefined]);
  });

  it('fails when its last statement fails: nothing was kept', async () => {
    const client = new FakeClient({ INSERT: new Error('refused'), COMMIT: { command: 'ROLLBACK' } });
    await expect(begin(client).commit([insert])).rejects.toThrow('refused');
  });

  it('fails when COMMIT turned out to be a rollback, because something before had failed', async () => {
    await expect(begin(new FakeClient({ COMMIT: { command: 'ROLLBACK' } })).commit()).rejects.toThrow(
      'rolled back by an earlier error',
    );
  });

  it('drops a connection whose end failed', async () => {
    const lost = new Error('lost');
    const client = new FakeClient({ ROLLBACK: lost });
    await begin(client).rollback();
    expect(client.released).toEqual([lost]);
  });

  it('cannot be used once it has ended, nor ended twice', async () => {
    const client = new FakeClient();
    const transaction = begin(client);
    await transaction.rollback();
    await transaction.rollback();
    expect(transaction.open).toBe(false);
    expect(client.sent).toEqual(['ROLLBACK']);
    await expect(transaction.send(insert)).rejects.toThrow('the transaction has ended');
    await expect(transaction.commit()).rejects.toThrow('the transaction has ended');
  });

  it('that only reads is not waited for, and its failure harms nobody', async () => {
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

  it('is the same for the same text, and another for another', async () => {
    const name = await nameOf('SELECT 1');
    expect(await nameOf('SELECT 1')).toBe(name);
    expect(await nameOf('SELECT 2')).not.toBe(name);
  });

  it('is given to no statement whose text varies with the input', async () => {
    const client = new FakeClient();
    await begin(client).send({ text: 'UPDATE', values: [], prepare: false });
    expect(client.sent).toEqual([{ text: 'UPDATE', values: [] }]);
  });

  it('cannot be guessed, and fits into what Postgres takes', async () => {
    const name = await nameOf('SELECT 3');
    expect(name).toMatch(/^s[0-9a-f]{24}_\d+$/);
    expect(name!.length).toBeLessThan(64);
  });

  it('is not given where statements are not prepared', async () => {
    expect(await nameOf('SELECT 1', false)).toBeUndefined();
  });
});
