/**
 * Settings of the embedded server, given on its command line so that a new release brings its own.
 * fsync and synchronous_commit stay on: what was answered with 2xx survives a power cut.
 */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  // Clients come by TCP; a socket file would need a folder that both accounts may write to.
  unix_socket_directories: '',
  // Ours, BullMQ's and a few spare. An idle slot costs next to nothing.
  max_connections: '200',
  shared_buffers: '128MB',
  // Our statements are short: planning for parallel workers or machine code costs more than it saves, and
  // containers give /dev/shm, which parallel workers need, 64 MB.
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  // Errors of statements are the caller's to report, and their text may hold people's data.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_line_prefix: '',
  log_destination: 'stderr',
  logging_collector: 'off',
};

/** The server's arguments. */
export function serverArguments(directory: string, port: number): string[] {
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', directory, '-p', String(port), ...settings];
}
