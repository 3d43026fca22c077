import type { Socket } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Client } from '../harness/client.js';

/** What became of a statement: rows, or the SQLSTATE it was refused with. */
export interface Outcome {
  rows: Record<string, unknown>[];
  rowCount: number;
  code: string | null;
  message: string;
}

/** A raw connection, for statements that the application would never send. */
export class RawSql {
  private constructor(readonly client: pg.Client) {}

  static async open(url: string, options?: string): Promise<RawSql> {
    const client = new pg.Client({ connectionString: url, ...(options !== undefined && { options }) });
    client.on('error', () => undefined);
    await client.connect();
    return new RawSql(client);
  }

  /** Runs a statement within a savepoint where a transaction is open, so that a refusal does not end it. */
  async attempt(text: string, values: unknown[] = []): Promise<Outcome> {
    await this.client.query('SAVEPOINT attempt');
    const outcome = await this.outcome(text, values);
    // A statement may have ended the transaction by itself; then there is nothing to go back to.
    await this.client
      .query(outcome.code === null ? 'RELEASE SAVEPOINT attempt' : 'ROLLBACK TO SAVEPOINT attempt')
      .catch(() => undefined);
    return outcome;
  }

  /** Copies out as `COPY … TO STDOUT` does; a row a line. */
  async copyOut(source: string): Promise<Outcome> {
    await this.client.query('SAVEPOINT attempt');
    try {
      const lines = (await textOf(this.client.query(copyTo(`COPY ${source} TO STDOUT`))))
        .split('\n')
        .filter((line) => line !== '');
      return { rows: lines.map((line) => ({ line })), rowCount: lines.length, code: null, message: '' };
    } catch (error) {
      const { code = 'unknown', message } = error as { code?: string; message: string };
      return { rows: [], rowCount: 0, code, message };
    } finally {
      await this.client.query('ROLLBACK TO SAVEPOINT attempt');
    }
  }

  /** Runs a statement as it is. */
  async outcome(text: string, values: unknown[] = []): Promise<Outcome> {
    try {
      const result = await this.client.query(text, values.length > 0 ? values : undefined);
      const last = Array.isArray(result) ? (result as pg.QueryResult[]).at(-1)! : result;
      return {
        rows: (last.rows ?? []) as Record<string, unknown>[],
        rowCount: last.rowCount ?? 0,
        code: null,
        message: '',
      };
    } catch (error) {
      const { code = 'unknown', message } = error as { code?: string; message: string };
      return { rows: [], rowCount: 0, code, message };
    }
  }

  /** Begins a transaction and enters a session, as a request does. */
  async enter(secret: string): Promise<void> {
    await this.client.query('BEGIN');
    const { rows } = await this.client.query<{ state: string }>('SELECT state FROM app.enter_session($1, false)', [
      secret,
    ]);
    if (rows[0]?.state !== 'ok') throw new Error(`the session was refused: ${rows[0]?.state}`);
  }

  /** Begins a transaction and enters with an API key, as a request does. */
  async enterByKey(key: string, address = '127.0.0.1'): Promise<void> {
    await this.client.query('BEGIN');
    const { rows } = await this.client.query<{ state: string }>('SELECT state FROM app.enter_api_key($1, $2, false)', [
      key,
      address,
    ]);
    if (rows[0]?.state !== 'ok') throw new Error(`the key was refused: ${rows[0]?.state}`);
  }

  async rollback(): Promise<void> {
    await this.client.query('ROLLBACK');
  }

  /** Cuts the connection, as when a process dies. */
  sever(): void {
    (this.client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
  }

  end(): Promise<void> {
    return this.client.end();
  }
}

/** The secret of a caller's session, as the cookie's token carries it. */
export function sessionSecret(client: Client): string {
  const token = /(?:^|; )(?:__Host-)?vouchsafe(?:_[a-z]+)?=([^;]+)/.exec(client.cookieHeader)![1]!;
  return (JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { sid: string }).sid;
}

/** The SQL of a visit with the digest that an expression stands for, and nothing else known of it. */
export function bareVisit(digest: string): string {
  return (
    `jsonb_populate_record(NULL::app.new_session, jsonb_build_object('id', gen_random_uuid(), 'secret_hash', ` +
    `${digest}::bytea))`
  );
}
