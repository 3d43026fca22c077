import type { Route } from '../../src/platform/boot/routes.js';
import type { Answer, Client } from '../harness/client.js';
import { defaultBody, defaultParams, defaultQuery } from './default-samples.js';
import type { Tenant } from './fixtures.js';
import { SAMPLES, type Sample } from './samples.js';

const ORDER = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

type RouteName = Pick<Route, 'method' | 'path'>;

export const keyOf = ({ method, path }: RouteName) => `${method} ${path}`;

/**
 * Limits the matrices to routes whose path contains this text, for work on one module. If unset, the tests cover
 * every route.
 */
export const ONLY = process.env['ROUTES'] ?? '';

/** Returns the routes that require a session: reads first, deletions last. */
export function guardedOf(routes: readonly Route[]): Route[] {
  return routes
    .filter(({ policy, path }) => policy?.kind === 'access' && path.includes(ONLY))
    .toSorted((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method));
}

/**
 * Returns a request that the route answers with success in the tenant: the handwritten sample, or one generated
 * from the OpenAPI document. Throws when neither is possible.
 */
export async function sampleFor(route: RouteName, tenant: Tenant): Promise<Sample> {
  const { method, path } = route;
  const byHand = SAMPLES[keyOf(route)];
  if (byHand !== undefined) return byHand(tenant.ids, tenant);
  const source = { ids: tenant.ids, role: tenant.roles.subject, text: 'Synthetic text' };
  const body = defaultBody(method, path, source);
  return {
    params: defaultParams(path, source),
    query: defaultQuery(method, path, source),
    ...(body !== undefined && { body }),
  };
}

export function send(
  client: Client,
  { method, path }: RouteName,
  { params = {}, query = {}, body }: Sample,
): Promise<Answer> {
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams(query).toString();
  return client.send(method, `${filled}${search && `?${search}`}`, body === undefined ? {} : { body });
}
