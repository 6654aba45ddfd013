import { INTERACTIVE_PER_SLOT, SCHEDULED_PER_SLOT } from '../../domain/refresh/limits';
import { parseEnv } from '../../lib/env';

/** Jobs that a worker process has under way at most, as workers/app.ts makes it from the default REFRESH_SLOTS. */
export const workerConcurrency = (): number =>
  Math.floor(parseEnv({}).REFRESH_SLOTS * (SCHEDULED_PER_SLOT + INTERACTIVE_PER_SLOT));
