import type { Socket } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Client } from '../harness/client.js';

/** The outcome of a statement: its rows, or the SQLSTATE of the error. */
export interface Outcome {
  rows: Record<string, unknown>[];
  rowCount: number;
  code: string | null;
  message: string;
}

/** A raw connection, for statements that the application never sends. */
export class RawSql {
  private constructor(readonly client: pg.Client) {}

  static async open(url: string, options?: string): Promise<RawSql> {
    const client = new pg.Client({ connectionString: url, ...(options !== undefined && { options }) });
    client.on('error', () => undefined);
    await client.connect();
    return new RawSql(client);
  }

  /** Runs a statement within a savepoint, so that an error does not abort the transaction. */
  async attempt(text: string, values: unknown[] = []): Promise<Outcome> {
    await this.client.query('SAVEPOINT attempt');
    const outcome = await this.outcome(text, values);
    // The statement may have ended the transaction itself; then no savepoint exists.
    await this.client
      .query(outcome.code === null ? 'RELEASE SAVEPOINT attempt' : 'ROLLBACK TO SAVEPOINT attempt')
      .catch(() => undefined);
    return outcome;
  }

  /** Runs `COPY … TO STDOUT`. Returns one row per line. */
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

  /** Runs a statement. */
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
  async enter(secret: string, isolation = 'READ COMMITTED'): Promise<void> {
    await this.client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
    const { rows } = await this.client.query<{ state: string }>('SELECT state FROM app.enter_session($1, false)', [
      secret,
    ]);
    if (rows[0]?.state !== 'ok') throw new Error(`the session was rejected: ${rows[0]?.state}`);
  }

  /** Begins a transaction and enters with an API key, as a request does. */
  async enterByKey(key: string, ip = '127.0.0.1'): Promise<void> {
    await this.client.query('BEGIN');
    const { rows } = await this.client.query<{ state: string }>('SELECT state FROM app.enter_api_key($1, $2, false)', [
      key,
      ip,
    ]);
    if (rows[0]?.state !== 'ok') throw new Error(`the API key was rejected: ${rows[0]?.state}`);
  }

  async rollback(): Promise<void> {
    await this.client.query('ROLLBACK');
  }

  /** Cuts the connection, as the death of a process does. */
  sever(): void {
    (this.client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
  }

  end(): Promise<void> {
    return this.client.end();
  }
}

/** Returns the secret of a client's session from its cookie token. */
export function sessionSecret(client: Client): string {
  const token = /(?:^|; )(?:__Host-)?vouchsafe(?:_[a-z]+)?=([^;]+)/.exec(client.cookieHeader)![1]!;
  return (JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { sid: string }).sid;
}

/** Returns SQL for a new session with the given digest expression and no other data. */
export function bareVisit(digest: string): string {
  return (
    `jsonb_populate_record(NULL::app.new_session, jsonb_build_object('id', gen_random_uuid(), 'secret_hash', ` +
    `${digest}::bytea))`
  );
}
