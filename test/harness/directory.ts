import type { Answer, Client } from './client.js';
import { providerMetadata } from '../contract/fixtures.js';
import type { Harness } from './app.js';

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** A directory that speaks SCIM, as an institution's does. */
export class Directory {
  constructor(
    private readonly client: Client,
    readonly token: string,
  ) {}

  /** One with a token of a connection that `by` made. */
  static async of(harness: Harness, by: Client, connectionId: string): Promise<Directory> {
    const { status, body, text } = await by.post(`/v1/sso/connections/${connectionId}/scim-tokens`, {
      expiresInDays: 30,
    });
    if (status !== 201) throw new Error(`making a token for a directory: ${status} ${text}`);
    return new Directory(harness.client(), body.token as string);
  }

  /** The same directory at another process. */
  at(url: string): Directory {
    return new Directory(this.client.at(url), this.token);
  }

  send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.client.send(method, `/scim/v2/${path}`, {
      ...(body !== undefined && { raw: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body !== undefined && { 'content-type': 'application/scim+json' }),
        ...headers,
      },
    });
  }

  get(path: string, headers?: Record<string, string>): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  /** What a filter finds. */
  find(kind: 'Users' | 'Groups', filter: string, more = ''): Promise<Answer> {
    return this.get(`${kind}?filter=${encodeURIComponent(filter)}${more}`);
  }

  patch(path: string, operations: object[], headers?: Record<string, string>): Promise<Answer> {
    return this.send('PATCH', path, { schemas: [PATCH], Operations: operations }, headers);
  }

  /** Makes a resource and gives its id. */
  async create(kind: 'Users' | 'Groups', body: object): Promise<string> {
    const { status, body: made, text } = await this.send('POST', kind, body);
    if (status !== 201) throw new Error(`POST ${kind}: ${status} ${text}`);
    return made.id as string;
  }
}

/**
 * An organization with a connection and its directory; two of its groups stand for roles, and who is in neither is a
 * trainee.
 */
export async function makeOrganization(
  harness: Harness,
): Promise<{ org: string; director: Client; connectionId: string; directory: Directory }> {
  const org = await harness.make.organization('gme');
  const director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
  const { status, body, text } = await director.post('/v1/sso/connections', {
    name: 'Synthetic',
    metadata: await providerMetadata(),
    defaultRole: 'trainee',
    groupRoles: [
      { group: 'Directors', role: 'program_director' },
      { group: 'ext-mentors', role: 'mentor' },
    ],
  });
  if (status !== 201) throw new Error(text);
  return {
    org,
    director,
    connectionId: body.id as string,
    directory: await Directory.of(harness, director, body.id as string),
  };
}
