import type { DiscoveryService, MetadataScanner } from '@nestjs/core';

/** A provider method, bound to its instance, with the metadata of its decorator. */
export interface BoundMethod<Metadata, Run> {
  metadata: Metadata;
  /** `Provider.method` */
  where: string;
  run: Run;
}

/** Returns the methods of all providers for which `read` returns decorator metadata. */
export function boundMethods<Metadata, Run extends (...args: never[]) => unknown>(
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  read: (method: object) => Metadata | undefined,
): BoundMethod<Metadata, Run>[] {
  return discovery.getProviders().flatMap(({ instance, name }) => {
    if (instance === null || typeof instance !== 'object') return [];
    const prototype = Object.getPrototypeOf(instance) as Record<string, Run>;
    if (prototype === null) return [];
    return scanner.getAllMethodNames(prototype).flatMap((method) => {
      const metadata = read(prototype[method]!);
      if (metadata === undefined) return [];
      return [{ metadata, where: `${String(name)}.${method}`, run: prototype[method]!.bind(instance) as Run }];
    });
  });
}
