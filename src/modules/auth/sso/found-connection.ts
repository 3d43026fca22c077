import { Injectable } from '@nestjs/common';
import { currentContext } from '../../../platform/context/context.js';
import { DataKeys, ORGANIZATION, type KeyRing, type WrappedKey } from '../../../platform/keys/data-keys.js';
import type { SsoProtocol } from './sso-connection.entity.js';
import { SsoRepository, type SignInConnection } from './sso.repository.js';

/**
 * A connection that users may sign in through, found once per request and passed on to every step. The data key of its
 * organization is unwrapped at first use, once.
 */
export class FoundConnection {
  private ring: Promise<KeyRing> | undefined;

  constructor(
    readonly row: SignInConnection,
    private readonly wrapped: readonly WrappedKey[],
    private readonly dataKeys: DataKeys,
  ) {}

  get id(): string {
    return this.row.id;
  }

  get orgId(): string {
    return this.row.orgId;
  }

  /** The data keys of the organization. The organization becomes that of the context. */
  keys(): Promise<KeyRing> {
    currentContext().orgId = this.orgId;
    return (this.ring ??= this.dataKeys.unwrap(ORGANIZATION, 'data', this.wrapped));
  }

  /** Opens a sealed column of the row; null without a KMS call where the column is empty. */
  async open(column: string, sealed: Buffer | null): Promise<string | null> {
    if (sealed === null) return null;
    return (await this.keys()).forRow('sso_connections', this.id).open(column, sealed);
  }

  /** The secret that proves to the database that the application itself verified a message of the provider. */
  async dbSecret(): Promise<Buffer> {
    return Buffer.from((await this.open('entrance_enc', this.row.entrance))!);
  }
}

/** Finds connections for the protocols. */
@Injectable()
export class SsoConnectionFinder {
  constructor(
    private readonly repository: SsoRepository,
    private readonly dataKeys: DataKeys,
  ) {}

  /** The connection that users may sign in through; undefined when there is none of this id and protocol. */
  async find(connectionId: string, protocol: SsoProtocol): Promise<FoundConnection | undefined> {
    const found = await this.repository.findForSignIn(connectionId);
    if (found === null || found.connection.protocol !== protocol) return undefined;
    return new FoundConnection(found.connection, found.keys, this.dataKeys);
  }
}
