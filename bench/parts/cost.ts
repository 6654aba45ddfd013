import { readdirSync, readFileSync } from 'node:fs';
import type { Stage } from './stage';

/** Linux counts processor time in this many ticks a second (sysconf(_SC_CLK_TCK), 100 on every common system). */
const TICKS_PER_SECOND = 100;

/** What work cost, by the process that did it, and what Postgres did for it. */
interface Cost {
  cpuMs: Map<string, number>;
  /** Transactions that wrote something. Exact, unlike the statistics views, which idle backends feed late. */
  transactions: number;
}

/**
 * Adds up what several stretches of work cost. Linux only: elsewhere there is no /proc, and nothing is told.
 * @param processes ids by a name for the report; Postgres, Redis and the bench itself are added
 */
export class CostMeter {
  private readonly total: Cost = { cpuMs: new Map(), transactions: 0 };
  private units = 0;

  constructor(
    private readonly stage: Stage,
    private readonly processes: Readonly<Record<string, number>>,
  ) {}

  /** Runs one stretch. @param units pieces of work in it (or how to tell), by which the cost is divided in the end */
  async measure<T>(units: number | ((result: T) => number), work: () => Promise<T>): Promise<T> {
    if (process.platform !== 'linux') return work();
    const before = await this.read();
    const result = await work();
    const after = await this.read();
    for (const [name, ms] of after.cpuMs) {
      const spent = ms - (before.cpuMs.get(name) ?? 0);
      this.total.cpuMs.set(name, (this.total.cpuMs.get(name) ?? 0) + spent);
    }
    this.total.transactions += after.transactions - before.transactions;
    this.units += typeof units === 'number' ? units : units(result);
    return result;
  }

  /** @param unit such as "refresh" */
  describe(side: string, unit: string): string {
    if (this.units === 0) return `${side}: processor time is not known on this system`;
    const each = (value: number) => (value / this.units).toFixed(2);
    const parts = [...this.total.cpuMs].filter(([, ms]) => ms > 0).map(([name, ms]) => `${name} ${each(ms)}`);
    const sum = [...this.total.cpuMs.values()].reduce((all, ms) => all + ms, 0);
    return (
      `${side}, per ${unit}: ${each(sum)} ms of processor time (${parts.join(', ')}), ` +
      `${each(this.total.transactions)} writing transactions`
    );
  }

  private async read(): Promise<Cost> {
    const { rows } = await this.stage.sql.query<{ next: string }>(
      'select pg_snapshot_xmax(pg_current_snapshot()) as next',
    );
    return { cpuMs: this.readCpu(), transactions: Number(rows[0]?.next) };
  }

  private readCpu(): Map<string, number> {
    const { postgresPid, redisPid } = this.stage.servers;
    const result = new Map(Object.entries(this.processes).map(([name, pid]) => [name, cpuOf(pid).own]));
    const postmaster = cpuOf(postgresPid);
    const backends = childrenOf(postgresPid).reduce((sum, pid) => sum + cpuOf(pid).own, 0);
    result.set('postgres', postmaster.own + postmaster.ended + backends);
    result.set('redis', cpuOf(redisPid).own);
    result.set('bench', cpuOf(process.pid).own);
    return result;
  }
}

/** Fields of /proc/<pid>/stat behind the name in brackets: proc(5), "utime" to "cstime". */
function cpuOf(pid: number): { own: number; ended: number; parent: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent = 0] = fields.slice(1);
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11);
    const ms = (ticks: number) => (ticks * 1000) / TICKS_PER_SECOND;
    return { own: ms(user + system), ended: ms(endedUser + endedSystem), parent };
  } catch {
    return { own: 0, ended: 0, parent: 0 };
  }
}

const childrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && cpuOf(pid).parent === parent);
