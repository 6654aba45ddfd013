import { openHttp } from './http';

export interface Load {
  /** Requests answered with the wanted status. */
  answered: number;
  seconds: number;
  /** Of each request, ms. */
  delaysMs: number[];
}

/**
 * Keeps `connections` requests in flight until `next` has no more, or the time is over.
 * @param next the request to send; undefined ends that connection's work
 * @param status any other answer fails the measurement
 */
export async function keepInFlight(
  port: number,
  connections: number,
  status: number,
  next: () => Buffer | undefined,
  limitMs = Infinity,
): Promise<Load> {
  const links = await Promise.all(Array.from({ length: connections }, () => openHttp(port)));
  const delaysMs: number[] = [];
  const begun = performance.now();
  await Promise.all(
    links.map(async (link) => {
      for (let request = next(); request; request = next()) {
        const from = performance.now();
        if (from - begun > limitMs) return;
        const got = await link.send(request);
        if (got !== status) throw new Error(`Answered ${got} instead of ${status}.`);
        delaysMs.push(performance.now() - from);
      }
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  for (const link of links) link.close();
  return { answered: delaysMs.length, seconds, delaysMs };
}
