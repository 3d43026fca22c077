import net from 'node:net';
import path from 'node:path';
import { readJson, writePrivateJson } from './files.mjs';

/** Tries to listen on a loopback port; resolves to the port (0 asks for any), or undefined when it is taken. */
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

/** A free port that stays the same from one start to the next while nobody else takes it. */
export async function rememberedPort(home, name) {
  const file = path.join(home, 'ports.json');
  const ports = readJson(file) ?? {};
  const port = (ports[name] && (await tryPort(ports[name]))) || (await tryPort(0));
  if (ports[name] !== port) writePrivateJson(file, { ...ports, [name]: port });
  return port;
}
