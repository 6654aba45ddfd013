import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { EventLoopLag } from './event-loop';

/** Numbers about this process and its machine, flat enough for a widget to select from. */
export interface Figures {
  /** Runnable processes, averaged over minutes; compare with `cpus`. */
  load: { one: number; five: number; fifteen: number };
  cpus: number;
  memory: {
    rssBytes: number;
    heapUsedBytes: number;
    heapTotalBytes: number;
    systemTotalBytes: number;
    /** 0 to 100. On Linux the page cache counts as free: libuv 1.45 and later report MemAvailable. */
    systemUsedPercent: number;
  };
  eventLoop: EventLoopLag;
  process: { pid: number; node: string; cpuSeconds: number };
}

const hundredths = (value: number) => Math.round(value * 100) / 100;

export function readFigures(eventLoop: EventLoopLag): Figures {
  const [one = 0, five = 0, fifteen = 0] = loadavg().map(hundredths);
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const total = totalmem();
  return {
    load: { one, five, fifteen },
    cpus: availableParallelism(),
    memory: {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      systemTotalBytes: total,
      systemUsedPercent: hundredths((1 - freemem() / total) * 100),
    },
    eventLoop,
    process: { pid: process.pid, node: process.version, cpuSeconds: hundredths((user + system) / 1e6) },
  };
}
