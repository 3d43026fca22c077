import { Injectable } from '@nestjs/common';
import { currentContext } from '../../../platform/context/context.js';
import { DataKeys, ORGANIZATION } from '../../../platform/crypto/data-keys.js';
import type { FoundConnection } from './sso.repository.js';

/** What a connection keeps sealed, opened before anybody is signed in: with the keys that came along with it. */
@Injectable()
export class SsoEntrance {
  constructor(private readonly dataKeys: DataKeys) {}

  /** The secret that proves to the database that an answer of this connection's provider was checked here. */
  async secret(found: FoundConnection): Promise<Buffer> {
    return Buffer.from(await this.open(found, 'entrance_enc', found.connection.entrance));
  }

  async open({ connection, keys }: FoundConnection, column: string, sealed: Buffer): Promise<string> {
    currentContext().orgId = connection.orgId;
    const ring = await this.dataKeys.unwrap(ORGANIZATION, 'data', keys);
    return ring.forRow('sso_connections', connection.id).open(column, sealed)!;
  }
}
