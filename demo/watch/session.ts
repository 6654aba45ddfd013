import { ApiError, type Api, type Tokens } from './api';

/** New tokens are fetched when the old ones have less than this left, ms: the server warns at a minute. */
const RENEW_BEFORE_MS = 90_000;
/** Pause after a renewal that failed, ms. */
const RETRY_MS = 5_000;

export interface Session {
  /** One that is good for a while; renews it first where it isn't. */
  accessToken(): Promise<string>;
  /** Called with each new access token that was fetched before the old one ran out. */
  onRenewed(listener: (accessToken: string) => void): void;
  /** Logs in anew at the next use: the server has ended this login. */
  forget(): void;
  close(): void;
}

/** Logs in, and keeps the login alive: refresh tokens rotate, so there is one renewal at a time. */
export async function openSession(api: Api, email: string, password: string): Promise<Session> {
  let tokens: Tokens | undefined;
  let expiresAt = 0;
  let renewing: Promise<string> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let listener: (accessToken: string) => void = () => undefined;

  function take(next: Tokens): string {
    tokens = next;
    expiresAt = Date.now() + next.expiresIn * 1_000;
    plan(Math.max(RETRY_MS, next.expiresIn * 1_000 - RENEW_BEFORE_MS));
    return next.accessToken;
  }

  async function fetchTokens(): Promise<string> {
    if (tokens) {
      try {
        return take(await api.refresh(tokens.refreshToken));
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 401)) throw error;
      }
    }
    return take(await api.login(email, password));
  }

  const renew = (): Promise<string> =>
    (renewing ??= fetchTokens().finally(() => {
      renewing = undefined;
    }));

  function plan(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      renew().then(
        (accessToken) => listener(accessToken),
        () => plan(RETRY_MS),
      );
    }, ms);
  }

  await renew();
  return {
    accessToken: async () =>
      tokens && expiresAt - Date.now() > RETRY_MS ? tokens.accessToken : await renew(),
    onRenewed: (next) => void (listener = next),
    forget: () => void (tokens = undefined),
    close: () => clearTimeout(timer),
  };
}
