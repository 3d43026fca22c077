import type { Request } from 'express';
import { errorDefinition } from '../feature/registry.js';
import type { Problem } from '../problem/problem.js';

/** Routes under this path use SCIM, also for errors. */
export const SCIM_PATH = '/scim/v2/';
export const SCIM_TYPE = 'application/scim+json';
const ERROR_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error';

export function speaksScim({ path }: Request): boolean {
  return path.startsWith(SCIM_PATH);
}

/** Returns the body of a SCIM error (RFC 7644 section 3.12). An internal error contains its title only. */
export function scimError({ code, status, title, detail, errors = [] }: Problem): object {
  const { scimType } = errorDefinition(code);
  const fields = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  return {
    schemas: [ERROR_SCHEMA],
    status: String(status),
    ...(scimType !== undefined && { scimType }),
    detail: code === 'internal' ? title : [title, detail, fields].filter(Boolean).join(': '),
  };
}
