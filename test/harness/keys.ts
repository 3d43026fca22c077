import { Client, type Answer, type Send } from './client.js';

/** A client with an API key. It can set its IP when the API trusts the test as a proxy. */
export class KeyClient extends Client {
  constructor(
    baseUrl: string,
    readonly key: string,
    private readonly ip?: string,
  ) {
    super(baseUrl);
  }

  override send<T = any>(method: string, path: string, { headers, ...send }: Send = {}): Promise<Answer<T>> {
    const defaults = {
      authorization: `Bearer ${this.key}`,
      ...(this.ip !== undefined && { 'x-forwarded-for': this.ip }),
    };
    return super.send<T>(method, path, { ...send, headers: { ...defaults, ...headers } });
  }
}

/** The response of a request that creates an API key. */
export interface MadeKey {
  id: string;
  key: string;
  prefix: string;
  permissions: string[];
  expiresAt: string;
  [field: string]: unknown;
}

/** Creates an API key as a member. */
export async function madeKey(member: Client, permissions: readonly string[], more: object = {}): Promise<MadeKey> {
  const { status, body, text } = await member.post<MadeKey>('/v1/api-keys', {
    name: 'Synthetic machine',
    permissions,
    expiresInDays: 30,
    ...more,
  });
  if (status !== 201) throw new Error(`the key was not created: ${status} ${text}`);
  return body;
}
