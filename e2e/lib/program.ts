/** Programs that a test starts; each is ended by its own process id. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';

const END_WITHIN_MS = 8_000;

export interface ProgramOptions {
  env?: Record<string, string>;
  /** What it prints goes here. */
  log: string;
}

export class Program {
  private readonly child: ChildProcess;

  constructor(
    readonly name: string,
    path: string,
    args: string[],
    private readonly options: ProgramOptions,
  ) {
    this.child = spawn(path, args, { env: { ...cleanEnvironment(), ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    writeFileSync(options.log, '', { flag: 'a' });
    const log = createWriteStream(options.log, { flags: 'a' });
    this.child.stdout!.pipe(log, { end: false });
    this.child.stderr!.pipe(log, { end: false });
    this.child.once('error', (error) => log.write(`cannot start ${path}: ${error.message}\n`));
  }

  get id(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} did not start:\n${this.printed()}`);
    return this.child.pid;
  }

  get ended(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** What it exited with; nothing while it runs, or when a signal ended it. */
  get exitCode(): number | undefined {
    return this.child.exitCode ?? undefined;
  }

  printed(): string {
    return readFileSync(this.options.log, 'utf8');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.ended) return;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_WITHIN_MS);
    await exit;
    clearTimeout(timer);
  }
}

/** What the product reads of the developer's own environment; all else depends on the test alone. */
const PASSED_ON = ['REDRING_LOG', 'REDRING_PORTAL_DIR'];

function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('REDRING_') || PASSED_ON.includes(name)));
}

/** Waits until `look` gives something; fails with `what` when it does not within `withinMs`. */
export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined, withinMs = 15_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (deadline < Date.now()) throw new Error(`waited ${withinMs} ms for ${what}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}
