import type { Route } from '../../src/platform/boot/routes.js';
import type { Answer, Client } from '../harness/client.js';
import { defaultBody, defaultParams, defaultQuery } from './default-samples.js';
import type { Tenant } from './fixtures.js';
import { SAMPLES, type Sample } from './samples.js';

const ORDER = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

type RouteName = Pick<Route, 'method' | 'path'>;

export const keyOf = ({ method, path }: RouteName) => `${method} ${path}`;

/** Limits the matrices to routes whose path contains this, for work on one module. Unset, every route is tried. */
export const ONLY = process.env['ROUTES'] ?? '';

/** Routes that take a session; those that read first, those that remove last. */
export function guardedOf(routes: readonly Route[]): Route[] {
  return routes
    .filter(({ policy, path }) => policy?.kind === 'access' && path.includes(ONLY))
    .toSorted((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method));
}

/**
 * The request that a route answers with success in a tenant: the sample written by hand, otherwise one made from the
 * description of the API. Throws when neither is possible.
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
