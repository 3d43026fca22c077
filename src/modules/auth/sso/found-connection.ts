import { Injectable } from '@nestjs/common';
import { DataKeys, ORGANIZATION, type KeyRing, type WrappedKey } from '../../../platform/keys/data-keys.js';
import { ensure } from '../sso-messages/index.js';
import type { SsoProtocol } from './sso-connection.entity.js';
import { SsoRepository, type ProviderSession, type SignInConnection } from './sso.repository.js';

const HINT = 'logout_hint_enc';
/** The greatest length of a logout hint, because many servers accept URLs of 8 kB. */
const MAX_HINT = 6 * 1024;

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

  /** Returns the data keys of the organization. */
  keys(): Promise<KeyRing> {
    return (this.ring ??= this.dataKeys.unwrap(ORGANIZATION, 'data', this.wrapped, this.orgId));
  }

  /** Decrypts an encrypted column of the row. Returns null without a KMS call when the column is empty. */
  async open(column: string, sealed: Buffer | null): Promise<string | null> {
    if (sealed === null) return null;
    return (await this.keys()).forRow('sso_connections', this.id, this.orgId).open(column, sealed);
  }

  /** Encrypts the logout hint of a session. Returns null without a hint, or if a URL could not contain it. */
  async sealHint(sessionId: string, hint: string | undefined): Promise<Buffer | null> {
    if (hint === undefined || hint.length > MAX_HINT) return null;
    return (await this.keys()).forRow('sessions', sessionId, this.orgId).seal(HINT, hint);
  }

  /** Decrypts the logout hint of a session. */
  async openHint({ logoutHint, logoutHintSession }: ProviderSession): Promise<string | undefined> {
    if (logoutHint === null || logoutHintSession === null) return undefined;
    return (await this.keys()).forRow('sessions', logoutHintSession, this.orgId).open(HINT, logoutHint) ?? undefined;
  }

  /** Returns the secret that proves to the database that the application verified a message of the provider. */
  async dbSecret(): Promise<Buffer> {
    return Buffer.from((await this.open('db_secret_enc', this.row.dbSecret))!);
  }
}

/** Finds connections for the protocols. */
@Injectable()
export class SsoConnectionFinder {
  constructor(
    private readonly repository: SsoRepository,
    private readonly dataKeys: DataKeys,
  ) {}

  /**
   * Returns the connection that users may sign in through; undefined when none has this id and protocol. Throws
   * SsoError `connection_draft` when the provider's data is missing.
   */
  async find(connectionId: string, protocol: SsoProtocol): Promise<FoundConnection | undefined> {
    const found = await this.findWithDrafts(connectionId, protocol);
    ensure(found?.row.status !== 'draft', 'connection_draft');
    return found;
  }

  /** Returns an enabled connection, also a draft; undefined when none has this id and protocol. */
  async findWithDrafts(connectionId: string, protocol: SsoProtocol): Promise<FoundConnection | undefined> {
    const found = await this.findAny(connectionId);
    return found?.row.protocol === protocol ? found : undefined;
  }

  /** Returns an enabled connection of any protocol, also a draft; undefined when none has this id. */
  async findAny(connectionId: string): Promise<FoundConnection | undefined> {
    const found = await this.repository.findForSignIn(connectionId);
    return found === null ? undefined : new FoundConnection(found.connection, found.keys, this.dataKeys);
  }
}
