import { lookup, Resolver } from 'node:dns/promises';
import { errorCode } from '../error-code';

/**
 * One question to one name server, ms, and how often it is asked. Two tries of 1.2 s (the second waits
 * twice as long) end just under DNS_TIMEOUT_MS of address.ts.
 */
const resolver = new Resolver({ timeout: 1_200, tries: 2 });

/** These say "no such record", the rest that we don't know. */
const NO_RECORD = new Set(['ENOTFOUND', 'ENODATA']);

const isNoRecord = (error: unknown): boolean => NO_RECORD.has(errorCode(error));

/** Every address of a name from the operating system: hosts file and search domains included. */
export async function resolveByTheSystem(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map((entry) => entry.address);
}

/**
 * Every address of a name from the name servers alone (A and AAAA). Not the system's getaddrinfo: that
 * occupies one of two threads for the whole process until it answers, so ten widgets with a name server that
 * says nothing would keep every other tenant's names waiting for a minute.
 * @throws the resolver's error where neither question got an address
 */
export async function resolveByDns(host: string): Promise<string[]> {
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const found = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (found.length > 0) return found;
  const reasons = [v4, v6].flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
  throw reasons.find((reason) => !isNoRecord(reason)) ?? reasons[0];
}
