import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './processes.js';
import { until } from './until.js';

/** A program with the files that configure it, on a free loopback port. A test can change the files at any time. */
export class ProviderProgram {
  private child?: ChildProcess;

  private constructor(
    readonly name: string,
    readonly home: string,
    readonly port: number,
  ) {}

  /** Creates the folder and selects the port. `folders` are created inside the folder. */
  static async create(name: string, folders: readonly string[]): Promise<ProviderProgram> {
    const home = await mkdtemp(path.join(tmpdir(), `vouchsafe-${name}-`));
    for (const folder of folders) await mkdir(path.join(home, folder), { recursive: true });
    return new ProviderProgram(name, home, await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  file(name: string): string {
    return path.join(this.home, name);
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(this.file(name), text, { mode: 0o600 });
  }

  /** Starts the program and waits until it answers at `probe`. */
  async start(command: string, args: readonly string[], env: Record<string, string>, probe: string): Promise<void> {
    const log = await open(this.file('log'), 'a', 0o600);
    const child = spawn(command, args, {
      env: { PATH: process.env['PATH']!, LC_ALL: 'C', ...env },
      cwd: this.home,
      stdio: ['ignore', log.fd, log.fd],
    });
    this.child = child;
    await log.close();
    try {
      await until(`${this.name} answers`, () => this.answers(child, probe));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Returns whether the program accepts connections. Throws if it has ended or cannot serve the page. */
  private async answers(child: ChildProcess, probe: string): Promise<boolean> {
    if (child.exitCode !== null) throw new Error(`${this.name} ended: ${await this.log()}`);
    const answer = await fetch(this.url + probe).catch(() => undefined);
    if (answer !== undefined && answer.status >= 500) throw new Error(`${this.name} failed: ${await this.log()}`);
    return answer !== undefined;
  }

  /** The output of the program. */
  log(): Promise<string> {
    return readFile(this.file('log'), 'utf8');
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  /** Stops the program and deletes its files. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.home, { recursive: true, force: true });
  }
}
