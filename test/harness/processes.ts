import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { until } from './until.js';

/** Returns the environment of a process: its own variables, and those of Node. */
const environmentOf = (own: Record<string, string>) => {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  return { ...own, PATH, NODE_COMPILE_CACHE };
};

/** A process of the built application. A test can kill it and start it again. */
export class Program {
  private child: ChildProcess | undefined;
  /** The standard output of all runs. */
  output = '';

  constructor(
    private readonly file: 'main' | 'worker',
    private readonly env: Record<string, string>,
  ) {}

  start(): void {
    this.child = spawn(process.execPath, [`dist/src/${this.file}.js`], {
      env: environmentOf(this.env),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  /** The exit code; null while the process runs, or when a signal ended it. */
  get exitCode(): number | null {
    return this.child?.exitCode ?? null;
  }

  /** Kills the process and waits for its exit. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

/** Returns a port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until an API reports that it is ready. */
export function ready(baseUrl: string): Promise<void> {
  return until(`${baseUrl} is ready`, () =>
    fetch(`${baseUrl}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
}

/** Runs a command of the built CLI and returns its JSON result. Rejects when the command fails. */
export function runCli(
  environment: Record<string, string>,
  args: readonly string[],
  input = '',
): Promise<Record<string, string>> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      ['dist/src/cli.js', ...args, '--json'],
      { env: environmentOf(environment) },
      (error, stdout) => {
        if (error === null) resolve(JSON.parse(stdout) as Record<string, string>);
        else reject(error);
      },
    );
    child.stdin!.end(input);
  });
}
