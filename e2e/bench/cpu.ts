/** Processor time of processes, from /proc. */

import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

interface Usage {
  parent: number;
  seconds: number;
}

function usage(id: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'latin1');
    // The name in parentheses may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND };
  } catch {
    return undefined;
  }
}

const processIds = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);

/** Seconds that a process and all below it have used so far. */
export function secondsOfTree(root: number): number {
  const all = new Map(processIds().map((id) => [id, usage(id)]));
  const isBelow = (id: number): boolean => id === root || (all.has(id) && (all.get(id)?.parent ?? 0) > 1 && isBelow(all.get(id)!.parent));
  return [...all.keys()].filter(isBelow).reduce((sum, id) => sum + (all.get(id)?.seconds ?? 0), 0);
}

/** The process whose command line holds `text` and that no such process started. */
export function findProcess(text: string): number {
  const found = processIds().filter((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'latin1').includes(text);
    } catch {
      return false;
    }
  });
  const root = found.find((id) => !found.includes(usage(id)?.parent ?? 0));
  if (root === undefined) throw new Error(`no process names ${text}`);
  return root;
}
