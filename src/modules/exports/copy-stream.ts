import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { toEnterError, type EnteredMember } from '../../platform/access/as-member.js';
import { DatabaseConfig } from '../../platform/config/index.js';
import { enterMember, type TenantContext } from '../../platform/database/tenant-context.js';

/** For whom rows are copied, and until when. */
export interface CopySession {
  orgId: string;
  membershipId: string;
  signal: AbortSignal;
  /** How long the statement may take. */
  seconds: number;
}

/**
 * Copies rows out as one member sees them. COPY takes a connection over, which a pipelining pool cannot bear, so each
 * export has a connection of its own.
 */
@Injectable()
export class CopyStream {
  constructor(private readonly config: DatabaseConfig) {}

  /**
   * Runs `use` in a read-only transaction on one snapshot; `copy` sends a COPY … TO STDOUT statement, once.
   * What `use` gave counts only when the transaction ended well. Throws NoSuchMember when the membership has ended.
   */
  async asMember<T>(
    { orgId, membershipId, signal, seconds }: CopySession,
    use: (member: EnteredMember, copy: (statement: string) => Readable) => Promise<T>,
  ): Promise<T> {
    const client = new Client({ connectionString: this.config.url, connectionTimeoutMillis: 5_000, keepAlive: true });
    client.on('error', () => undefined); // a connection that dies fails the statement under way
    const cut = (): void => void client.end();
    signal.throwIfAborted();
    signal.addEventListener('abort', cut, { once: true });
    try {
      await client.connect();
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      const member = await enter(client, enterMember(orgId, membershipId));
      // Without sorting, an order comes from an index: the first row leaves at once, and nothing is spilled to disk.
      await client.query(
        `SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = '${Math.ceil(seconds)}s'; SET LOCAL ` +
          'enable_sort = off',
      );
      const result = await use(member, (statement) => client.query(copyTo(statement)));
      const { command } = await client.query('COMMIT');
      if (command !== 'COMMIT') throw new Error('the rows were not copied to their end');
      return result;
    } finally {
      signal.removeEventListener('abort', cut);
      await client.end();
    }
  }
}

async function enter(client: Client, { statement }: TenantContext): Promise<EnteredMember> {
  try {
    return (await client.query<EnteredMember>(statement)).rows[0]!;
  } catch (error) {
    throw toEnterError(error);
  }
}
