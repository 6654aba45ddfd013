import { NO_LIMITS } from '../../test/support/no-limits';
import { run as runServer } from '../../server/main';
import { run as runStart } from '../../start';

/**
 * The product's process that the argument names, with rate limits that a load generator doesn't reach. Its requests
 * are counted like anybody's, so what that costs is in the figures.
 */
const RUNS = { server: runServer, start: runStart };
RUNS[process.argv[2] as keyof typeof RUNS]({ rateLimits: NO_LIMITS });
