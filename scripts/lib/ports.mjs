import net from 'node:net';
import path from 'node:path';
import { readJson, writePrivateJson } from './files.mjs';

/** Tries to listen on a loopback port. Returns the port (0 selects any), or undefined when it is in use. */
export function tryPort(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => {
      const free = server.address().port;
      server.close(() => resolve(free));
    });
  });
}

/** Returns a free port that stays the same between starts, unless another program uses it. */
export async function rememberedPort(home, name) {
  const file = path.join(home, 'ports.json');
  const ports = readJson(file) ?? {};
  const port = (ports[name] && (await tryPort(ports[name]))) || (await tryPort(0));
  if (ports[name] !== port) writePrivateJson(file, { ...ports, [name]: port });
  return port;
}
