import type { DiscoveryService, MetadataScanner } from '@nestjs/core';

/** A method of a provider, bound to its instance, with what a decorator noted on it. */
export interface BoundMethod<Noted, Run> {
  noted: Noted;
  /** `Provider.method` */
  where: string;
  run: Run;
}

/** Every method of every provider for which `read` finds the metadata of a decorator. */
export function boundMethods<Noted, Run extends (...args: never[]) => unknown>(
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  read: (method: object) => Noted | undefined,
): BoundMethod<Noted, Run>[] {
  return discovery.getProviders().flatMap(({ instance, name }) => {
    if (instance === null || typeof instance !== 'object') return [];
    const prototype = Object.getPrototypeOf(instance) as Record<string, Run>;
    if (prototype === null) return [];
    return scanner.getAllMethodNames(prototype).flatMap((method) => {
      const noted = read(prototype[method]!);
      if (noted === undefined) return [];
      return [{ noted, where: `${String(name)}.${method}`, run: prototype[method]!.bind(instance) as Run }];
    });
  });
}
