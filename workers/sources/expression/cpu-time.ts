import { readFileSync } from 'node:fs';

/** Linux reports process times in these, whatever the kernel's own tick is (proc(5), USER_HZ). */
const TICKS_PER_SECOND = 100;

/** `utime` and `stime`, counted from behind the command's name, which may hold spaces (proc(5)). */
const UTIME = 11;
const STIME = 12;

/**
 * CPU time a process has used since its start, ms, to 10 ms.
 * @returns undefined where it can't be known: not Linux, or the process is gone
 */
export function cpuTimeMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[UTIME]) + Number(fields[STIME]);
    return Number.isFinite(ticks) ? (ticks * 1000) / TICKS_PER_SECOND : undefined;
  } catch {
    return undefined;
  }
}
