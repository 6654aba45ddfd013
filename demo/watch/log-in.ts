import { StartupError } from '../../lib/errors';
import { ApiError, type Api } from './api';
import { openSession, type Session } from './session';

/** Logs a terminal client in. @throws StartupError that says what to do */
export async function logIn(
  api: Api,
  { url, email, password }: { url: string; email: string; password: string },
): Promise<Session> {
  try {
    return await openSession(api, email, password);
  } catch (error) {
    if (error instanceof StartupError) throw error;
    if (error instanceof ApiError) throw new StartupError(`The server at ${url} refused: ${error.message}`);
    throw new StartupError(`Nothing answers at ${url}. Start it first: npm start`, { cause: error });
  }
}
