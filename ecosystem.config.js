/**
 * PM2: `npm run build && npx pm2 start ecosystem.config.js`, with DATABASE_URL, REDIS_URL, JWT_SECRET and
 * ENCRYPTION_KEYS in the environment or in `.env`. Sockets use WebSocket only, so the servers of one port need no
 * sticky sessions.
 */
const common = {
  cwd: __dirname,
  // Promise 9: a process ends by itself within 30 s of SIGTERM; then PM2 may kill it.
  kill_timeout: 30_000,
  max_restarts: 20,
  exp_backoff_restart_delay: 200,
};

module.exports = {
  apps: [
    {
      ...common,
      name: 'server',
      script: 'dist/server/main.js',
      exec_mode: 'cluster',
      instances: process.env.SERVERS || 2,
    },
    {
      ...common,
      name: 'worker',
      script: 'dist/workers/main.js',
      exec_mode: 'fork',
      instances: process.env.WORKERS || 2,
    },
  ],
};
