import type { Request } from 'express';

interface RouterLayer {
  match(path: string): boolean;
  route?: { methods: Record<string, boolean> };
}

/** Returns the methods that the path of a request supports, for the `Allow` header. */
export function methodsAt(request: Request): string[] {
  const methods = methodsOf(request, request.path);
  if (methods.has('GET')) methods.add('HEAD');
  methods.delete(request.method);
  return [...methods].toSorted();
}

/** Returns the path that a browser can open: the path of the request, or the closest path above it that answers GET. */
export function pageAbove(request: Request): string {
  let { path } = request;
  while (path !== '' && !methodsOf(request, path).has('GET')) path = path.slice(0, path.lastIndexOf('/'));
  return path === '' ? '/' : path;
}

function methodsOf(request: Request, path: string): Set<string> {
  const layers = (request.app.router as unknown as { stack: RouterLayer[] }).stack;
  const methods = new Set<string>();
  for (const layer of layers) {
    if (layer.route === undefined || !matches(layer, path)) continue;
    for (const [method, offered] of Object.entries(layer.route.methods)) {
      if (offered && !method.startsWith('_')) methods.add(method.toUpperCase());
    }
  }
  return methods;
}

/** Returns whether a layer matches. A parameter that cannot be decoded matches nothing. */
function matches(layer: RouterLayer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}
