import type { Route } from '../../src/platform/boot/routes.js';
import type { Answer, Client } from '../harness/client.js';
import { SAMPLES, type Sample } from './samples.js';
import type { Tenant } from './world.js';

const ORDER = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

export const keyOf = ({ method, path }: Pick<Route, 'method' | 'path'>) => `${method} ${path}`;

/** Routes that take a session; those that read first, those that remove last. */
export function guardedOf(routes: readonly Route[]): Route[] {
  return routes
    .filter(({ policy }) => policy?.kind === 'access')
    .toSorted((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method));
}

/** The request that a route answers with success in a tenant. */
export async function sampleFor(route: Route, tenant: Tenant): Promise<Sample> {
  const make = SAMPLES[keyOf(route)];
  if (make === undefined)
    throw new Error(
      `${keyOf(route)} has no sample: add one to SAMPLES in test/contract/samples.ts (or, if it takes no ` +
        'session, to PUBLIC)',
    );
  return make(tenant.ids, tenant);
}

export function send(
  client: Client,
  { method, path }: Pick<Route, 'method' | 'path'>,
  { params = {}, query = {}, body }: Sample,
): Promise<Answer> {
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams(query).toString();
  return client.send(method, `${filled}${search && `?${search}`}`, body === undefined ? {} : { body });
}
