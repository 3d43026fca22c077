import type { Request } from 'express';

interface Layer {
  match(path: string): boolean;
  route?: { methods: Record<string, boolean> };
}

/** The methods for which the application has a route at the address of `request`, for the `Allow` header. */
export function methodsAt(request: Request): string[] {
  const layers = (request.app.router as unknown as { stack: Layer[] }).stack;
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

/** A parameter that cannot be decoded matches nothing. */
function matches(layer: Layer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}
