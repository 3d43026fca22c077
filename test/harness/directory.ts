import type { Answer, Client } from './client.js';
import { providerMetadata } from '../contract/fixtures.js';
import type { Harness } from './app.js';

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** A SCIM client, as the directory of an institution. */
export class Directory {
  constructor(
    private readonly client: Client,
    readonly token: string,
  ) {}

  /** Creates a SCIM client with a token for a connection. The user behind `by` creates the token. */
  static async of(harness: Harness, by: Client, connectionId: string): Promise<Directory> {
    const { status, body, text } = await by.post(`/v1/sso/connections/${connectionId}/scim-tokens`, {
      expiresInDays: 30,
    });
    if (status !== 201) throw new Error(`the SCIM token was not created: ${status} ${text}`);
    return new Directory(harness.client(), body.token as string);
  }

  /** Returns the same SCIM client for another process. */
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

  /** Returns the resources that match a filter. */
  find(kind: 'Users' | 'Groups', filter: string, more = ''): Promise<Answer> {
    return this.get(`${kind}?filter=${encodeURIComponent(filter)}${more}`);
  }

  /** Sends a PATCH. It asks for all attributes that the service returns, so that the answer contains the resource. */
  patch(path: string, operations: object[], headers?: Record<string, string>): Promise<Answer> {
    return this.send(
      'PATCH',
      `${path}?excludedAttributes=password`,
      { schemas: [PATCH], Operations: operations },
      headers,
    );
  }

  /** Creates a resource and returns its id. */
  async create(kind: 'Users' | 'Groups', body: object): Promise<string> {
    const { status, body: created, text } = await this.send('POST', kind, body);
    if (status !== 201) throw new Error(`POST ${kind}: ${status} ${text}`);
    return created.id as string;
  }
}

/**
 * Creates an organization with a connection and its SCIM client. Two groups are mapped to roles; a user in neither
 * group is a trainee.
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

/** Provisions many users and adds them to a group, by SQL. Returns the ids of their memberships. */
export async function provisionMany(
  harness: Harness,
  {
    org,
    connectionId,
    group,
    role,
    many,
  }: {
    org: string;
    connectionId: string;
    group: string;
    role: string;
    many: number;
  },
): Promise<string[]> {
  const rows = await harness.database.superuser<{ id: string }>(
    `WITH numbers AS MATERIALIZED (SELECT n, gen_random_uuid() AS member, gen_random_uuid() AS person
         FROM generate_series(1, $5) n),
       people AS (INSERT INTO users (id, email) SELECT person, n || '-' || $3::uuid || '@dir.example'
         FROM numbers RETURNING id),
       members AS (INSERT INTO memberships (org_id, id, user_id, name, role)
         SELECT $1, member, person, 'Synthetic ' || n, $4 FROM numbers JOIN people p ON p.id = person RETURNING id),
       provisioned AS (
         INSERT INTO scim_users (org_id, connection_id, membership_id, user_name, email, email_type, active)
         SELECT $1, $2, member, n || '@' || $3::uuid, n || '@dir.example', 'work', true
           FROM numbers JOIN members m ON m.id = member RETURNING membership_id)
     INSERT INTO scim_group_members (org_id, connection_id, group_id, membership_id)
     SELECT $1, $2, $3::uuid, membership_id FROM provisioned RETURNING membership_id AS id`,
    [org, connectionId, group, role, many],
  );
  return rows.map(({ id }) => id);
}
