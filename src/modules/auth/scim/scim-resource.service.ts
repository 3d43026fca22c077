import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { isResourceId } from './scim-group.js';
import { ScimLog } from './scim-log.js';
import { assertVersion, Projection, readPage, selectsAttributes } from './scim-query.js';
import {
  baseUrl,
  listResource,
  type GroupMemberRef,
  type ResourceMeta,
  type ScimRepresentation,
} from './scim-resources.js';
import type { Json } from './scim-values.js';
import type { ListResult, ListQuery } from './scim.repository.js';

export type ScimQuery = Record<string, string | undefined>;

/** The part of the SCIM service that differs between Users and Groups. */
export interface ScimResourceType<Row extends ResourceMeta> {
  readonly name: 'User' | 'Group';
  /** The attribute that lists related resources of the other type. */
  readonly references: 'groups' | 'members';
  list(query: ListQuery): Promise<ListResult<Row>>;
  find(id: string): Promise<Row | null>;
  /** Returns the references that belong to the given resources. */
  referencesOf(ids: readonly string[]): Promise<GroupMemberRef[]>;
  /** Returns the id of the resource that contains the reference. */
  ownerOf(reference: GroupMemberRef): string;
  /** Builds the resource. `references` is undefined when the client excluded the attribute. */
  toResource(base: string, row: Row, references?: readonly GroupMemberRef[]): Json;
  /** Stores a new resource, records an audit event, and returns the id. */
  create(body: unknown): Promise<string>;
  /** Stores the fields that a PUT sets, and records an audit event. */
  replace(before: Row, body: unknown): Promise<void>;
  /** Stores the fields that result from a PATCH, and records an audit event. */
  patch(before: Row, body: unknown): Promise<void>;
  /** Deletes a resource and records an audit event. */
  delete(id: string): Promise<void>;
}

/** Implements the operations of RFC 7644 section 3 for every resource type. */
@Injectable()
export class ScimResourceService {
  private readonly base: string;

  constructor(
    private readonly log: ScimLog,
    app: AppConfig,
  ) {
    this.base = baseUrl(app);
  }

  /**
   * Returns a page of resources. Throws `scim_invalid_filter` when the filter is invalid or not supported. Throws
   * `scim_invalid_value` when another parameter is invalid.
   */
  async list<Row extends ResourceMeta>(type: ScimResourceType<Row>, query: ScimQuery): Promise<ScimRepresentation> {
    const page = readPage(query);
    const { total, rows } = await type.list({
      filter: query['filter'],
      page,
      order: query['sortBy'],
      descending: query['sortOrder'] === 'descending',
    });
    this.log.read(type.name, rows.length);
    return { resource: listResource(total, page, await this.present(type, rows, query)) };
  }

  /** Returns one resource. Throws `not_found` when the directory has no such resource. */
  async read<Row extends ResourceMeta>(
    type: ScimResourceType<Row>,
    id: string,
    query: ScimQuery,
  ): Promise<ScimRepresentation> {
    const row = await this.find(type, id);
    this.log.read(type.name, 1);
    return this.represent(type, row, query);
  }

  /** Creates a resource. Throws the errors of the type's `create`. */
  async create<Row extends ResourceMeta>(
    type: ScimResourceType<Row>,
    body: unknown,
    query: ScimQuery,
  ): Promise<ScimRepresentation> {
    const id = await type.create(body);
    return this.represent(type, await this.find(type, id), query);
  }

  /**
   * Replaces or patches a resource. After a patch, returns the resource only if the query selects attributes, because
   * the response to a patch may have no content and a group can have many members (RFC 7644 section 3.5.2). Throws
   * `not_found` when the directory has no such resource. Throws `scim_precondition_failed` when `ifMatch` names another
   * version. Throws the errors of the type's `replace` or `patch`.
   */
  async change<Row extends ResourceMeta>(
    type: ScimResourceType<Row>,
    operation: 'replace' | 'patch',
    { id, body, ifMatch, query }: { id: string; body: unknown; ifMatch: string | undefined; query: ScimQuery },
  ): Promise<ScimRepresentation> {
    await type[operation](await this.findVersion(type, id, ifMatch), body);
    const row = await this.find(type, id);
    if (operation === 'replace' || selectsAttributes(query)) return this.represent(type, row, query);
    return this.headersOf(type, row);
  }

  /**
   * Deletes a resource. Throws `not_found` when the directory has no such resource. Throws `scim_precondition_failed`
   * when `ifMatch` names another version. Throws the errors of the type's `delete`.
   */
  async delete<Row extends ResourceMeta>(
    type: ScimResourceType<Row>,
    id: string,
    ifMatch: string | undefined,
  ): Promise<void> {
    await this.findVersion(type, id, ifMatch);
    await type.delete(id);
  }

  private async find<Row extends ResourceMeta>(type: ScimResourceType<Row>, id: string): Promise<Row> {
    const row = isResourceId(id) ? await type.find(id) : null;
    if (row === null) throw new Problem('not_found');
    return row;
  }

  /** Returns the resource. Throws `scim_precondition_failed` when `ifMatch` names another version. */
  private async findVersion<Row extends ResourceMeta>(
    type: ScimResourceType<Row>,
    id: string,
    ifMatch: string | undefined,
  ): Promise<Row> {
    const row = await this.find(type, id);
    assertVersion(row.version, ifMatch);
    return row;
  }

  private async represent<Row extends ResourceMeta>(
    type: ScimResourceType<Row>,
    row: Row,
    query: ScimQuery,
  ): Promise<ScimRepresentation> {
    const [resource] = await this.present(type, [row], query);
    return { resource: resource!, ...this.headersOf(type, row) };
  }

  private headersOf<Row extends ResourceMeta>({ name }: ScimResourceType<Row>, { version, id }: Row) {
    return { version, location: `${this.base}/${name}s/${id}` };
  }

  private async present<Row extends ResourceMeta>(type: ScimResourceType<Row>, rows: readonly Row[], query: ScimQuery) {
    const projection = new Projection(query);
    const references =
      projection.includes(type.references) && rows.length > 0
        ? Map.groupBy(await type.referencesOf(rows.map(({ id }) => id)), (reference) => type.ownerOf(reference))
        : null;
    return rows.map((row) =>
      projection.of(type.toResource(this.base, row, references === null ? undefined : (references.get(row.id) ?? []))),
    );
  }
}
