import { applyDecorators } from '@nestjs/common';
import { Expose, Type } from 'class-transformer';
import { ResponseType } from '../../../platform/http/response-type.js';
import { SCIM_TYPE } from '../../../platform/http/scim-error.js';

export class ScimMeta {
  @Expose() resourceType?: string;
  @Expose() created?: Date;
  @Expose() lastModified?: Date;
  @Expose() location?: string;
  @Expose() version?: string;
}

class ScimName {
  @Expose() formatted?: string;
  @Expose() givenName?: string;
  @Expose() familyName?: string;
}

class ScimEmail {
  @Expose() value?: string;
  @Expose() type?: string;
  @Expose() primary?: boolean;
}

/** A reference: a member in a Group resource, or a group in a User resource. */
export class ScimReference {
  @Expose() value?: string;
  @Expose() display?: string;
  @Expose() type?: string;
  @Expose({ name: '$ref' }) ref?: string;
}

/** A User resource (RFC 7643 section 4.1) with the stored attributes. */
export class ScimUserResponse {
  @Expose() schemas: string[];
  @Expose() id: string;
  @Expose() externalId?: string;
  @Expose() userName?: string;
  @Expose() displayName?: string;
  @Expose() @Type(() => ScimName) name?: ScimName;
  @Expose() @Type(() => ScimEmail) emails?: ScimEmail[];
  @Expose() active?: boolean;
  @Expose() @Type(() => ScimReference) groups?: ScimReference[];
  @Expose() @Type(() => ScimMeta) meta?: ScimMeta;
}

/** A Group resource (RFC 7643 section 4.2). */
export class ScimGroupResponse {
  @Expose() schemas: string[];
  @Expose() id: string;
  @Expose() externalId?: string;
  @Expose() displayName?: string;
  @Expose() @Type(() => ScimReference) members?: ScimReference[];
  @Expose() @Type(() => ScimMeta) meta?: ScimMeta;
}

/** A list response (RFC 7644 section 3.4.2). */
class ScimList {
  @Expose() schemas: string[];
  @Expose() totalResults: number;
  @Expose() startIndex: number;
  @Expose() itemsPerPage: number;
}

export class ScimUsersResponse extends ScimList {
  @Expose({ name: 'Resources' }) @Type(() => ScimUserResponse) resources: ScimUserResponse[];
}

export class ScimGroupsResponse extends ScimList {
  @Expose({ name: 'Resources' }) @Type(() => ScimGroupResponse) resources: ScimGroupResponse[];
}

/** A discovery document (RFC 7643 sections 5 to 7). Every SCIM client receives the same document. */
export class ScimDocumentResponse {
  @Expose() schemas: string[];
  @Expose() id?: string;
  @Expose() name?: string;
  @Expose() description?: string;
  @Expose() endpoint?: string;
  @Expose() schema?: string;
  @Expose() documentationUri?: string;
  @Expose() @Type(() => Object) attributes?: object[];
  @Expose() @Type(() => Object) patch?: object;
  @Expose() @Type(() => Object) bulk?: object;
  @Expose() @Type(() => Object) filter?: object;
  @Expose() @Type(() => Object) changePassword?: object;
  @Expose() @Type(() => Object) sort?: object;
  @Expose() @Type(() => Object) etag?: object;
  @Expose() @Type(() => Object) authenticationSchemes?: object[];
  @Expose() @Type(() => ScimMeta) meta?: ScimMeta;
}

export class ScimDocumentsResponse extends ScimList {
  @Expose({ name: 'Resources' }) @Type(() => ScimDocumentResponse) resources: ScimDocumentResponse[];
}

/** Declares a response with the SCIM media type (RFC 7644 section 8.1). */
export function ScimResponseType(type: Parameters<typeof ResponseType>[0], status = 200): MethodDecorator {
  return applyDecorators(ResponseType(type, { status, contentType: SCIM_TYPE }));
}
