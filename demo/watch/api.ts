import { StartupError } from '../../lib/errors';

/** Longest wait for an answer, ms: the server answers within its own, shorter limits. */
const ANSWER_LIMIT_MS = 20_000;
/** The largest page that lists give. */
const PAGE_SIZE = 100;

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** Seconds. */
  expiresIn: number;
}

/** An answer that is not a success. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

interface Answer {
  data?: unknown;
  message?: string;
  meta?: { pagination?: { totalPages: number } };
}

async function request(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  const answer = (await response.json().catch(() => ({}))) as Answer;
  if (!response.ok) throw new ApiError(response.status, answer.message ?? `HTTP ${response.status}`);
  return answer;
}

/** The few REST calls that a live client makes. `url` is the server's, without a path. */
export function createApi(url: string) {
  const base = `${url}/api/v1`;
  const post = async (path: string, body: object, token?: string): Promise<unknown> =>
    (
      await request(`${base}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
        body: JSON.stringify(body),
      })
    ).data;
  const get = (path: string, token: string) =>
    request(`${base}${path}`, { headers: { authorization: `Bearer ${token}` } });

  return {
    async login(email: string, password: string): Promise<Tokens> {
      const data = (await post('/auth/login', { email, password })) as { tokens?: Tokens };
      if (!data.tokens)
        throw new StartupError(`${email} logs in with a second factor, which is not asked for here.`);
      return data.tokens;
    },
    refresh: async (refreshToken: string): Promise<Tokens> =>
      ((await post('/auth/refresh', { refreshToken })) as { tokens: Tokens }).tokens,
    send: async <Row>(path: string, body: object, token: string): Promise<Row> =>
      (await post(path, body, token)) as Row,
    one: async <Row>(path: string, token: string): Promise<Row> => (await get(path, token)).data as Row,
    /** Every page of a list. */
    async all<Row>(path: string, token: string): Promise<Row[]> {
      const rows: Row[] = [];
      for (let page = 1, pages = 1; page <= pages; page += 1) {
        const { data, meta } = await get(`${path}?page=${page}&pageSize=${PAGE_SIZE}&sort=createdAt`, token);
        rows.push(...(data as Row[]));
        pages = meta?.pagination?.totalPages ?? 1;
      }
      return rows;
    },
  };
}

export type Api = ReturnType<typeof createApi>;
