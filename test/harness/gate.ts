import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP proxy with a fixed port, such as the virtual IP of a service. Open connections keep their target. */
export class Gate {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** The port to which new connections lead. */
    public target: number,
  ) {}

  static async open(target: number): Promise<Gate> {
    const server = createServer();
    const gate = new Gate(server, target);
    server.on('connection', (socket) => gate.join(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return gate;
  }

  /** Returns a URL with the port of this gate. */
  through(url: string): string {
    return Object.assign(new URL(url), { port: (this.server.address() as AddressInfo).port }).href;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private join(socket: Socket): void {
    const upstream = connect(this.target, '127.0.0.1');
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
