import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { toEnterError, type EnteredMember } from '../../platform/access/as-member.js';
import { DatabaseConfig } from '../../platform/config/index.js';
import { enterStatement } from '../../platform/database/statement.js';
import { enterMember, type TenantContext } from '../../platform/database/tenant-context.js';

/** The member whose rows are copied, and the time limit. */
export interface CopySession {
  orgId: string;
  membershipId: string;
  signal: AbortSignal;
  /** Statement timeout in seconds. */
  seconds: number;
}

/**
 * Copies the rows that one member can see. COPY occupies a connection, which a pipelining pool does not allow, so each
 * export opens its own connection.
 */
@Injectable()
export class CopyStream {
  constructor(private readonly config: DatabaseConfig) {}

  /**
   * Runs `use` in a read-only transaction on one snapshot; `copy` sends a COPY … TO STDOUT statement, once.
   * The result of `use` is valid only after the commit. Throws NoSuchMember when the membership has ended.
   */
  async asMember<T>(
    { orgId, membershipId, signal, seconds }: CopySession,
    use: (member: EnteredMember, copy: (statement: string) => Readable) => Promise<T>,
  ): Promise<T> {
    const client = new Client({ connectionString: this.config.url, connectionTimeoutMillis: 5_000, keepAlive: true });
    client.on('error', () => undefined); // a lost connection fails the running statement
    const cut = (): void => void client.end();
    signal.throwIfAborted();
    signal.addEventListener('abort', cut, { once: true });
    try {
      await client.connect();
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      const member = await enter(client, enterMember(orgId, membershipId));
      // Without sorting, the order comes from an index: the first row is sent at once, and nothing is spilled to disk.
      await client.query(
        `SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = '${Math.ceil(seconds)}s'; SET LOCAL ` +
          'enable_sort = off',
      );
      const result = await use(member, (statement) => client.query(copyTo(statement)));
      const { command } = await client.query('COMMIT');
      if (command !== 'COMMIT') throw new Error('the rows were not copied completely');
      return result;
    } finally {
      signal.removeEventListener('abort', cut);
      await client.end();
    }
  }
}

async function enter(client: Client, { call }: TenantContext): Promise<EnteredMember> {
  try {
    return (await client.query<EnteredMember>(enterStatement(call))).rows[0]!;
  } catch (error) {
    throw toEnterError(error);
  }
}
