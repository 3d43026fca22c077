import { applyDecorators } from '@nestjs/common';
import { Expose, Type } from 'class-transformer';
import { ResponseType } from '../../../platform/http/response-type.js';
import { SCIM_TYPE } from '../../../platform/http/scim-error.js';
import { ENTERPRISE_SCHEMA } from './scim-attributes.js';

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
  @Expose() middleName?: string;
  @Expose() familyName?: string;
  @Expose() honorificPrefix?: string;
  @Expose() honorificSuffix?: string;
}

/** An entry of a multi-valued attribute (RFC 7643 section 2.4). */
class ScimEntry {
  @Expose() value?: string;
  @Expose() display?: string;
  @Expose() type?: string;
  @Expose() primary?: boolean;
}

class ScimAddress {
  @Expose() formatted?: string;
  @Expose() streetAddress?: string;
  @Expose() locality?: string;
  @Expose() region?: string;
  @Expose() postalCode?: string;
  @Expose() country?: string;
  @Expose() type?: string;
  @Expose() primary?: boolean;
}

class ScimManager {
  @Expose() value?: string;
  @Expose({ name: '$ref' }) ref?: string;
}

/** The Enterprise User extension (RFC 7643 section 4.3). */
export class ScimEnterpriseUser {
  @Expose() employeeNumber?: string;
  @Expose() costCenter?: string;
  @Expose() organization?: string;
  @Expose() division?: string;
  @Expose() department?: string;
  @Expose() @Type(() => ScimManager) manager?: ScimManager;
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
  @Expose() nickName?: string;
  @Expose() profileUrl?: string;
  @Expose() title?: string;
  @Expose() userType?: string;
  @Expose() preferredLanguage?: string;
  @Expose() locale?: string;
  @Expose() timezone?: string;
  @Expose() active?: boolean;
  @Expose() @Type(() => ScimEntry) emails?: ScimEntry[];
  @Expose() @Type(() => ScimEntry) phoneNumbers?: ScimEntry[];
  @Expose() @Type(() => ScimAddress) addresses?: ScimAddress[];
  @Expose() @Type(() => ScimEntry) entitlements?: ScimEntry[];
  @Expose() @Type(() => ScimEntry) roles?: ScimEntry[];
  @Expose() @Type(() => ScimReference) groups?: ScimReference[];
  @Expose({ name: ENTERPRISE_SCHEMA }) @Type(() => ScimEnterpriseUser) enterprise?: ScimEnterpriseUser;
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
  @Expose() @Type(() => Object) schemaExtensions?: object[];
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
export function ScimResponseType(
  type: Parameters<typeof ResponseType>[0],
  { status = 200, isOptional = false } = {},
): MethodDecorator {
  return applyDecorators(ResponseType(type, { status, isOptional, contentType: SCIM_TYPE }));
}
