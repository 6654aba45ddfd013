import { Counter, Gauge } from 'prom-client';
import { joined, reused, withinLimit } from '../within-limit';
import type { Metrics } from './metrics';

/** A reading is shown again for this long, ms: a second scraper, or an impatient one, costs nothing. */
const REUSE_MS = 2_000;
/** Longest a scrape waits for a reading, ms. Prometheus gives the whole page 10 s by default. */
const READ_LIMIT_MS = 1_500;
const FAILURES = 'liveboard_scrape_failures_total';

/**
 * Adds gauges whose values must be asked for (from Postgres, from the broker) at a scrape. Where the answer does
 * not come they are left out of the page and the failure is counted: the rest is still scraped.
 * @param gauges all with labels; emptied before `show` fills them anew
 */
export function addGauges<Reading>(
  metrics: Metrics,
  collector: string,
  gauges: readonly Gauge<string>[],
  read: () => Promise<Reading>,
  show: (reading: Reading) => void,
): void {
  const failures = failureCounter(metrics);
  failures.inc({ collector }, 0);
  const ask = joined(read);
  const answer = reused(() => withinLimit(ask(), READ_LIMIT_MS, collector), REUSE_MS);
  metrics.addCollector(async () => {
    try {
      const reading = await answer();
      for (const gauge of gauges) gauge.reset();
      show(reading);
    } catch {
      for (const gauge of gauges) gauge.reset();
      failures.inc({ collector });
    }
  });
}

function failureCounter({ registry }: Metrics): Counter<'collector'> {
  const existing = registry.getSingleMetric(FAILURES);
  if (existing) return existing as Counter<'collector'>;
  return new Counter({
    name: FAILURES,
    help: 'Scrapes in which a collector got no answer; its gauges are missing from those.',
    labelNames: ['collector'],
    registers: [registry],
  });
}

/** A gauge with labels in this process's registry. */
export const gaugeOf = (metrics: Metrics, name: string, help: string, labelNames: string[]): Gauge<string> =>
  new Gauge({ name, help, labelNames, registers: [metrics.registry] });
