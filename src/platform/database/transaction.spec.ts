import { describe, expect, it } from '@jest/globals';
import type { PoolClient, QueryResult } from 'pg';
import { isUnavailable } from './errors.js';
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
    const answer = this.answers[text] ?? { command: text.split(/[ ;]/)[0]!, rows: [] };
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
      'COMMIT; RESET ALL',
    ]);
    expect(client.released).toEqual([undefined]);
  });

  it('fails and commits nothing when its last statement fails', async () => {
    const client = new FakeClient({ INSERT: new Error('refused'), 'COMMIT; RESET ALL': { command: 'ROLLBACK' } });
    await expect(begin(client).commit([insert])).rejects.toThrow('refused');
  });

  it('fails when COMMIT returns a rollback because an earlier statement failed', async () => {
    await expect(begin(new FakeClient({ 'COMMIT; RESET ALL': { command: 'ROLLBACK' } })).commit()).rejects.toThrow(
      'rolled back by an earlier error',
    );
  });

  it('destroys a connection whose rollback failed', async () => {
    const lost = new Error('lost');
    const client = new FakeClient({ 'ROLLBACK; RESET ALL': lost });
    await begin(client).rollback();
    expect(client.released).toEqual([lost]);
  });

  it('cannot be used or ended again after its end', async () => {
    const client = new FakeClient();
    const transaction = begin(client);
    await transaction.rollback();
    await transaction.rollback();
    expect(transaction.open).toBe(false);
    expect(client.sent).toEqual(['ROLLBACK; RESET ALL']);
    await expect(transaction.send(insert)).rejects.toThrow('the transaction has ended');
    await expect(transaction.commit()).rejects.toThrow('the transaction has ended');
  });

  it('that only reads does not wait for COMMIT and ignores its failure', async () => {
    const client = new FakeClient({ 'COMMIT; RESET ALL': new Error('too late') });
    await expect(begin(client, { readOnly: true }).commit()).resolves.toBeUndefined();
  });
});

describe('the connection of a transaction', () => {
  const failing = (code: string) => Object.assign(new Error('refused'), { code });
  const UPDATE = { text: 'UPDATE', values: [] };

  it.each(['25006', '53100', '53300', '57P01'])('is closed when a statement failed with %s', async (code) => {
    const error = failing(code);
    for (const end of ['commit', 'rollback'] as const) {
      const client = new FakeClient({ UPDATE: error, 'COMMIT; RESET ALL': { command: 'ROLLBACK' } });
      const transaction = begin(client);
      await expect(transaction.send(UPDATE)).rejects.toBe(error);
      await transaction[end]().catch(() => undefined);
      expect([client.released, transaction.failedByServer]).toEqual([[error], true]);
    }
  });

  it('is closed when a statement failed that was sent with COMMIT', async () => {
    const error = failing('25006');
    const client = new FakeClient({ UPDATE: error, 'COMMIT; RESET ALL': { command: 'ROLLBACK' } });
    await expect(begin(client).commit([UPDATE])).rejects.toBe(error);
    expect(client.released).toEqual([error]);
  });

  it.each(['SET', 'PREPARE', 'DECLARE', 'LISTEN', 'DO', 'DISCARD'])(
    'is closed after %s, which can leave session state',
    async (text) => {
      for (const end of ['commit', 'rollback'] as const) {
        const client = new FakeClient();
        const transaction = begin(client);
        await transaction.send({ text, values: [] });
        await transaction[end]();
        expect([client.released, transaction.failedByServer]).toEqual([[expect.any(Error)], false]);
      }
    },
  );

  it.each(['23505', '42501', '57014'])('is reused after %s', async (code) => {
    const client = new FakeClient({ UPDATE: failing(code) });
    const transaction = begin(client);
    await transaction.send(UPDATE).catch(() => undefined);
    await transaction.rollback();
    expect([client.released, transaction.failedByServer]).toEqual([[undefined], false]);
  });

  it('that is read-only by choice reports a write as a fault of the request, not of the server', async () => {
    const row = { database_time: new Date(0) };
    const client = new FakeClient({
      'SELECT *, now() AS database_time FROM f()': { command: 'SELECT', rows: [row] },
      UPDATE: failing('25006'),
    });
    const transaction = begin(client, { readOnly: true });
    await transaction.enter({ text: 'f()', values: [] });
    const error = await transaction.send(UPDATE).catch((caught: unknown) => caught);
    await transaction.rollback();
    expect([isUnavailable(error), transaction.failedByServer]).toEqual([false, false]);
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
