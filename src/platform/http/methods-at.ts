import type { Request } from 'express';

interface RouterLayer {
  match(path: string): boolean;
  route?: { methods: Record<string, boolean> };
}

/** Returns the methods that the path of a request supports, for the `Allow` header. */
export function methodsAt(request: Request): string[] {
  const layers = (request.app.router as unknown as { stack: RouterLayer[] }).stack;
  const methods = new Set<string>();
  for (const layer of layers) {
    if (layer.route === undefined || !matches(layer, request.path)) continue;
    for (const [method, offered] of Object.entries(layer.route.methods)) {
      if (offered && !method.startsWith('_')) methods.add(method.toUpperCase());
    }
  }
  if (methods.has('GET')) methods.add('HEAD');
  methods.delete(request.method);
  return [...methods].toSorted();
}

/** Returns whether a layer matches. A parameter that cannot be decoded matches nothing. */
function matches(layer: RouterLayer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}
