import { httpConfigSchema, httpSecretSchema } from '../../domain/connection-schemas';
import type { HttpSource } from '../../domain/widgets/source-schemas';
import { env } from '../../lib/env';
import { SourceError } from '../../lib/errors';
import { sharedPool } from './expression';
import type { ExpressionPool } from './expression/pool';
import { type Answer, exchange, type ExchangeOptions } from './http/exchange';
import { mergeHeaders } from './http/headers';
import { HTTP_LIMITS, type HttpLimits } from './http/limits';
import { demandBody, notJson, parseAnswer } from './http/parse-answer';
import { OUR_HEADERS } from './http/redirect';
import type { HopRequest } from './http/request';
import { joinPath, parseUrl } from './http/target';
import type { Source, SourceContext } from './source';

export interface HttpSourceOptions extends Partial<Omit<ExchangeOptions, 'limits'>> {
  limits?: Partial<HttpLimits>;
  expressions?: ExpressionPool;
}

/** Where the request goes, and the secret headers that may go there: the connection's, to its base URL. */
function targetOf(source: HttpSource, context: SourceContext): { url: URL; secret: Record<string, string> } {
  if (source.url !== undefined) return { url: parseUrl(source.url), secret: {} };
  const { connection } = context;
  const config = httpConfigSchema.safeParse(connection?.config);
  const secret = httpSecretSchema.safeParse(connection?.secret);
  if (connection?.kind !== 'http' || !config.success || !secret.success) {
    throw new SourceError(
      'connection_unusable',
      "The widget's connection is gone or is not an HTTP connection.",
      {
        failure: 'pause',
      },
    );
  }
  return { url: joinPath(config.data.baseUrl, source.path), secret: secret.data.headers };
}

function requestOf(source: HttpSource, context: SourceContext, signal: AbortSignal): HopRequest {
  const { url, secret } = targetOf(source, context);
  const body = source.body === undefined ? undefined : JSON.stringify(source.body);
  const headers = mergeHeaders(
    body === undefined ? {} : { 'content-type': 'application/json' },
    source.headers,
    secret,
  );
  for (const [name, value] of Object.entries(OUR_HEADERS)) if (!headers.has(name)) headers.set(name, value);
  return { url, method: source.method, headers, body, signal };
}

/**
 * JSON over HTTP. At most HTTP_LIMITS.totalMs for the exchange and, with `select`, EXPRESSION_LIMITS' queueMs
 * and wallMs behind it: 15 s in all.
 *
 * Everything that fails is a SourceError; those that `pause` are the ones only a person can mend: 401 and 403,
 * and what is wrong in the configuration (`url_not_allowed`, `header_not_allowed`, `expression_invalid`,
 * `connection_unusable`).
 */
export function createHttpSource(options: HttpSourceOptions = {}): Source<HttpSource> {
  const limits = { ...HTTP_LIMITS, ...options.limits };

  /** The exchange under its time limit, which counts everything from the name's look-up to the last byte. */
  async function ask(source: HttpSource, context: SourceContext): Promise<Answer> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), limits.totalMs);
    const signal = AbortSignal.any([context.signal, limit.signal]);
    const allowPrivateHosts = options.allowPrivateHosts ?? env().ALLOW_PRIVATE_HOSTS;
    try {
      return await exchange(requestOf(source, context, signal), { ...options, allowPrivateHosts, limits });
    } catch (error) {
      if (context.signal.aborted) throw stopped(context.signal.reason);
      if (limit.signal.aborted) throw tooLate(limits.totalMs);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    kind: 'http',
    async fetch(source, context) {
      const answer = await ask(source, context);
      demandBody(answer);
      if (source.select === undefined) return parseAnswer(answer);
      const pool = options.expressions ?? sharedPool();
      const { businessId, signal } = context;
      return pool.evaluateJson(source.select, answer.text, { businessId, signal }).catch((error: unknown) => {
        if (signal.aborted) throw stopped(signal.reason);
        throw error instanceof SourceError && error.code === 'invalid_json' ? notJson(answer) : error;
      });
    },
  };
}

/** The source as the registry lists it. */
export const httpSource = createHttpSource();

const tooLate = (ms: number) =>
  new SourceError('timeout', `The server's answer was not complete within ${ms / 1000} s.`);

const stopped = (cause: unknown) =>
  new SourceError('stopped', 'The refresh was stopped before the server had answered.', { cause });
