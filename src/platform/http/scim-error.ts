import type { Request } from 'express';
import { errorDefinition } from '../feature/registry.js';
import type { Problem } from '../problem/problem.js';

/** Below this path programs speak SCIM, and are refused in its words. */
export const SCIM_PATH = '/scim/v2/';
export const SCIM_TYPE = 'application/scim+json';
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

export function speaksScim({ path }: Request): boolean {
  return path.startsWith(SCIM_PATH);
}

/** The body of a refusal in SCIM (RFC 7644 section 3.12). A fault of ours tells nothing but that it is one. */
export function scimError({ code, status, title, detail, errors = [] }: Problem): object {
  const { scimType } = errorDefinition(code);
  const fields = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  return {
    schemas: [ERROR],
    status: String(status),
    ...(scimType !== undefined && { scimType }),
    detail: code === 'internal' ? title : [title, detail, fields].filter(Boolean).join(': '),
  };
}
