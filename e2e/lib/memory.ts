/** Looks for bytes in the memory of a running process and in the files of a folder. */

import { closeSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK_BYTES = 8 << 20;

/** How often `needle` is in the memory of process `id`. Needs the right to look: the same user, or root. */
export function countInMemory(id: number, needle: string): number {
  const wanted = Buffer.from(needle);
  const memory = openSync(`/proc/${id}/mem`, 'r');
  try {
    return regions(id).reduce((n, region) => n + countInRegion(memory, region, wanted), 0);
  } finally {
    closeSync(memory);
  }
}

/** The files below `folder` that hold `needle`. */
export function filesWith(folder: string, needle: string): string[] {
  const wanted = Buffer.from(needle);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.filter((file) => readFileSync(file).includes(wanted));
}

interface Region {
  start: bigint;
  end: bigint;
}

function regions(id: number): Region[] {
  const lines = readFileSync(`/proc/${id}/maps`, 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const [, start, end, access, name] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line) ?? [];
    // The kernel's own pages cannot be read.
    if (!start || !end || !access?.startsWith('r') || name === '[vvar]' || name === '[vvar_vclock]' || name === '[vsyscall]') return [];
    return [{ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) }];
  });
}

function countInRegion(memory: number, { start, end }: Region, wanted: Buffer): number {
  let n = 0;
  // Blocks overlap by one byte less than the needle, so that nothing between two blocks is missed or counted twice.
  const overlap = BigInt(wanted.length - 1);
  for (let at = start; at < end; at += BigInt(BLOCK_BYTES) - overlap) {
    const block = Buffer.alloc(Number(end - at < BigInt(BLOCK_BYTES) ? end - at : BigInt(BLOCK_BYTES)));
    n += countIn(block.subarray(0, read(memory, block, at)), wanted);
  }
  return n;
}

function read(memory: number, block: Buffer, at: bigint): number {
  try {
    return readSync(memory, block, 0, block.length, at);
  } catch (error) {
    // A region may have gone since the list was made.
    if ((error as NodeJS.ErrnoException).code === 'EIO') return 0;
    throw error;
  }
}

export function countIn(bytes: Buffer, wanted: Buffer): number {
  let n = 0;
  for (let at = bytes.indexOf(wanted); at !== -1; at = bytes.indexOf(wanted, at + 1)) n += 1;
  return n;
}
