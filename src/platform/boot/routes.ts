import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { isMutating } from '../access/guard-context.js';
import { routePolicy, type RoutePolicy } from '../access/decorators.js';

/** A route as its decorators declare it. */
export interface Route {
  method: string;
  path: string;
  /** `Controller.method` */
  where: string;
  handler: object;
  mutating: boolean;
  policy: RoutePolicy | undefined;
}

/** Returns all routes of all controllers. */
export function allRoutes(discovery: DiscoveryService, scanner: MetadataScanner): Route[] {
  return discovery.getControllers().flatMap(({ instance, metatype }) => {
    if (instance === null || typeof instance !== 'object' || typeof metatype !== 'function') return [];
    const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
    const base = paths(Reflect.getMetadata(PATH_METADATA, metatype));
    return scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler = prototype[name]!;
      const verb = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
      if (verb === undefined) return [];
      const method = RequestMethod[verb];
      return base.flatMap((prefix) =>
        paths(Reflect.getMetadata(PATH_METADATA, handler)).map((path) => ({
          method,
          path: `/${[prefix, path].join('/')}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1'),
          where: `${metatype.name}.${name}`,
          handler,
          mutating: isMutating(method),
          policy: routePolicy(handler),
        })),
      );
    });
  });
}

function paths(declaredPath: unknown): string[] {
  return Array.isArray(declaredPath)
    ? (declaredPath as string[])
    : [typeof declaredPath === 'string' ? declaredPath : ''];
}
