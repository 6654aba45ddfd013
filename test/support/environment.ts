import { setTimeout as sleep } from 'node:timers/promises';
import { TestEnvironment } from 'jest-environment-node';

/** What a test file may not leave behind: any of these would have kept a real process from ending. */
const WATCHED = ['TCPSocketWrap', 'TCPServerWrap', 'PipeWrap', 'ProcessWrap', 'Timeout'];

/** How long the last of them may take to close after the file's own afterAll, ms. */
const GRACE_MS = 3_000;
const LOOK_EVERY_MS = 20;

/**
 * Node's environment, and a file fails that leaves sockets, servers, processes or timers open: such a leak is
 * a shutdown that would not end, and jest by itself only mentions it.
 */
export default class LeakCheckingEnvironment extends TestEnvironment {
  private before = new Map<string, number>();

  override async setup(): Promise<void> {
    await super.setup();
    this.before = countOpen();
  }

  /** jest-circus calls this and waits for it; `run_finish` comes after the file's last afterAll. */
  async handleTestEvent(event: { name: string }, state: { unhandledErrors: unknown[] }): Promise<void> {
    if (event.name !== 'run_finish') return;
    let left = this.left();
    for (let waited = 0; left.length > 0 && waited < GRACE_MS; waited += LOOK_EVERY_MS) {
      await sleep(LOOK_EVERY_MS, undefined, { ref: false });
      left = this.left();
    }
    if (left.length === 0) return;
    state.unhandledErrors.push([`This file leaves something open: ${left.join(', ')}.`, undefined]);
  }

  private left(): string[] {
    const now = countOpen();
    return WATCHED.filter((type) => (now.get(type) ?? 0) > (this.before.get(type) ?? 0));
  }
}

function countOpen(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}
