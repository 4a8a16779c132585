/** Where the programs under test are, and how the browser is started. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

function program(variable: string, name: string): string {
  const path = process.env[variable] ?? resolve(root, 'target/debug', name);
  if (!existsSync(path)) throw new Error(`${path} is not there: run the tests with \`cargo xtask test\`, which builds it`);
  return path;
}

export const serverProgram = () => program('E2E_SERVER', 'redring-server');
export const agentProgram = () => program('E2E_AGENT', 'redring-agent');

export const probeProgram = () => program('E2E_PROBE', 'bench');
export const portalFolder = () => resolve(root, 'dist');
/** The font of the ring's line. */
export const ringFont = () => resolve(root, 'agent/assets/Inter-SemiBold.otf');

/** The system's Chromium, quiet: no updates, no reports, nothing that leaves the machine. */
export const chromium = {
  executablePath: process.env.E2E_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    // Root has no user namespace to build a sandbox from.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};
