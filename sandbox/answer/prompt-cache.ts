import { sha256 } from '../../lib/ids';
import type { CacheLifetime, SandboxRequest } from '../request';
import { promptParts } from '../tokens';
import type { Billed } from './billed';

const LIFETIME_MS: Record<CacheLifetime, number> = { '5m': 5 * 60_000, '1h': 60 * 60_000 };

/** So many beginnings are remembered; the oldest go first. */
const REMEMBERED = 10_000;

type InputBilled = Pick<Billed, 'input' | 'cached' | 'cacheWrite5m' | 'cacheWrite1h'>;

/** Remembers the beginnings of prompts. A reading renews what it read. */
export interface PromptCache {
  /** How a prompt's input is charged, and remembers it. */
  charge(request: SandboxRequest, key: string): InputBilled;
}

/**
 * OpenAI's protocols cache every beginning that ends with a message, for 5 minutes, and charge nothing for writing.
 * Anthropic's caches up to where the request says `cache_control`, for as long as it says, and charges for it.
 */
export function createPromptCache(now: () => number = Date.now): PromptCache {
  const expiries = new Map<string, number>();

  function remember(hash: string, lifetime: CacheLifetime): void {
    expiries.delete(hash);
    expiries.set(hash, now() + LIFETIME_MS[lifetime]);
    const oldest = expiries.keys().next();
    if (expiries.size > REMEMBERED && !oldest.done) expiries.delete(oldest.value);
  }

  return {
    charge(request, key) {
      const billed: InputBilled = { input: 0, cached: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
      const points = cachePoints(request, key);
      const read = points.findLastIndex(({ hash }) => (expiries.get(hash) ?? 0) > now());
      const isCharged = request.protocol === 'anthropic';
      let from = 0;
      points.forEach(({ hash, upTo, lifetime }, index) => {
        if (index <= read) billed.cached += upTo - from;
        else if (!isCharged) billed.input += upTo - from;
        else billed[lifetime === '1h' ? 'cacheWrite1h' : 'cacheWrite5m'] += upTo - from;
        remember(hash, lifetime);
        from = upTo;
      });
      billed.input += promptParts(request).reduce((sum, tokens) => sum + tokens, 0) - from;
      return billed;
    },
  };
}

interface CachePoint {
  /** Of everything up to here. */
  hash: string;
  /** Tokens up to here. */
  upTo: number;
  lifetime: CacheLifetime;
}

/** Where a beginning of the prompt may be kept. */
function cachePoints(request: SandboxRequest, key: string): CachePoint[] {
  const { model, protocol, system, tools, messages } = request;
  const parts = promptParts(request);
  const texts = [JSON.stringify([key, model, protocol, system, tools])];
  for (const { at: _, cache: __, ...message } of messages) texts.push(JSON.stringify(message));
  const marks = [request.systemCache, ...messages.map((message) => message.cache)];
  const points: CachePoint[] = [];
  let hash = '';
  let upTo = 0;
  texts.forEach((text, index) => {
    hash = sha256(hash + text);
    upTo += parts[index] ?? 0;
    const lifetime = protocol === 'anthropic' ? marks[index] : '5m';
    if (lifetime) points.push({ hash, upTo, lifetime });
  });
  return points;
}
