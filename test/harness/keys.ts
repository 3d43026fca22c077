import { Client, type Answer, type Send } from './client.js';

/** A machine that calls with an API key, from an address of its choice where the API trusts this machine as a proxy. */
export class KeyClient extends Client {
  constructor(
    baseUrl: string,
    readonly key: string,
    private readonly address?: string,
  ) {
    super(baseUrl);
  }

  override send<T = any>(method: string, path: string, { headers, ...send }: Send = {}): Promise<Answer<T>> {
    const own = {
      authorization: `Bearer ${this.key}`,
      ...(this.address !== undefined && { 'x-forwarded-for': this.address }),
    };
    return super.send<T>(method, path, { ...send, headers: { ...own, ...headers } });
  }
}

/** An API key as it is answered when it is made. */
export interface MadeKey {
  id: string;
  key: string;
  prefix: string;
  permissions: string[];
  expiresAt: string;
  [field: string]: unknown;
}

/** Has a member make a key. */
export async function madeKey(member: Client, permissions: readonly string[], more: object = {}): Promise<MadeKey> {
  const { status, body, text } = await member.post<MadeKey>('/v1/api-keys', {
    name: 'Synthetic machine',
    permissions,
    expiresInDays: 30,
    ...more,
  });
  if (status !== 201) throw new Error(`the key was not made: ${status} ${text}`);
  return body;
}
