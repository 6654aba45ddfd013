import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../db/embedded/port';
import { openWebSocket } from '../clients/websocket';

/** What a process holds after its garbage is collected, bytes. */
export interface Memory {
  rss: number;
  heap: number;
}

const KB = 1_024;
/** Collections before memory is read: what the first frees may hold more. */
const COLLECTIONS = 3;
/** After a collection V8 gives pages back when it is idle, ms. */
const SETTLE_MS = 1_000;

/** A port for {@link readMemory}, and the argument that makes Node listen there. */
export async function inspectable(): Promise<{ port: number; nodeArgument: string }> {
  const port = await freePort();
  return { port, nodeArgument: `--inspect=127.0.0.1:${port}` };
}

/**
 * Collects a process's garbage through its inspector (Chrome DevTools Protocol) and reads what is left: the
 * measured code needs no switch for it. The resident size is Linux's (/proc).
 */
export async function readMemory(pid: number, inspectorPort: number): Promise<Memory> {
  const list = await fetch(`http://127.0.0.1:${inspectorPort}/json/list`);
  const [target] = (await list.json()) as { webSocketDebuggerUrl: string }[];
  if (!target) throw new Error('A process has no inspector.');
  const answers = new Map<number, (result: unknown) => void>();
  const link = await openWebSocket(inspectorPort, new URL(target.webSocketDebuggerUrl).pathname, (text) => {
    const { id, result } = JSON.parse(text.toString()) as { id?: number; result?: unknown };
    if (id !== undefined) answers.get(id)?.(result);
  });
  let lastId = 0;
  const call = (method: string) =>
    new Promise<unknown>((resolve) => {
      answers.set((lastId += 1), resolve);
      link.send(JSON.stringify({ id: lastId, method }));
    });
  for (let n = 0; n < COLLECTIONS; n += 1) {
    await call('HeapProfiler.collectGarbage');
    await sleep(SETTLE_MS);
  }
  const { usedSize } = (await call('Runtime.getHeapUsage')) as { usedSize: number };
  link.close();
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { rss: Number(resident) * KB, heap: usedSize };
}
