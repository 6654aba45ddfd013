import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program to its end and gives `{code, output}`. A signal to us goes on to it, and once it has ended we
 * end as the signal wants, so that nothing stays behind.
 * @param options.show its output goes to the terminal instead of `output`
 */
export function runChild(program, args, { cwd, env = process.env, show = false }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    let received;
    const forward = (signal) => {
      received = signal;
      child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, forward);
    const done = () => SIGNALS.forEach((signal) => process.off(signal, forward));
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('close', (code, signal) => {
      done();
      if (received) process.exit(128 + constants.signals[received]);
      resolve({ code: code ?? 128 + constants.signals[signal], output });
    });
  });
}
