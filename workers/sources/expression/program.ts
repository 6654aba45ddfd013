/**
 * What an evaluator process runs, given to `node -e`. Text, because a file of its own would have to exist both
 * beside the compiled code and beside the sources that tests run.
 *
 * - `__proto__` stops being special before anything else is loaded: the library reads fields with `value[name]`
 *   and writes `{a: @}` with `object[name] = ...`, so one tenant's expression could otherwise reach the
 *   prototype that the next tenant's sees.
 * - `vm`'s time limit is for an orphan: were the parent killed, nobody else would end a burning expression.
 * - A reply carries the CPU time the process has used, the base from which the next job's is counted.
 */
const PROGRAM = String.raw`
'use strict';
delete Object.prototype.__proto__;
const vm = require('node:vm');
const [library, selfLimitMs, maxResultCharacters] = process.argv.slice(1);
const jmespath = require(library);
Object.preventExtensions(Object.prototype);

let job;
globalThis.evaluate = () => {
  let data;
  try {
    data = JSON.parse(job.text);
  } catch {
    return { code: 'invalid_json' };
  }
  let ast;
  try {
    ast = jmespath.compile(job.expression);
  } catch (error) {
    return { code: 'expression_invalid', message: String(error.message) };
  }
  const result = jmespath.TreeInterpreter.search(ast, data);
  const text = typeof result === 'string' && result.length > maxResultCharacters ? result : JSON.stringify(result);
  return text && text.length > maxResultCharacters ? { code: 'result_too_large' } : { text: text ?? 'null' };
};
const script = new vm.Script('evaluate()');

function reply(answer) {
  const { user, system } = process.cpuUsage();
  process.send({ ...answer, cpuMs: (user + system) / 1000 });
}

process.on('message', (message) => {
  job = message;
  let answer;
  try {
    answer = script.runInThisContext({ timeout: Number(selfLimitMs) });
  } catch (error) {
    const slow = error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    // The library's own complaints are plain Errors; a TypeError or RangeError from inside it says nothing.
    const message = Object.getPrototypeOf(error) === Error.prototype ? String(error.message) : '';
    answer = slow ? { code: 'expression_too_slow' } : { code: 'expression_failed', message };
  }
  job = undefined;
  reply(answer);
});
reply({});
`;

/** What the process answers: first once with nothing but `cpuMs` when it is ready, then once per job. */
export interface Reply {
  /** CPU time of the process since its start, ms. */
  cpuMs: number;
  /** The result as JSON. */
  text?: string;
  code?:
    'invalid_json' | 'expression_invalid' | 'expression_failed' | 'expression_too_slow' | 'result_too_large';
  message?: string;
}

export interface ProgramLimits {
  /** Heap of the process (V8's old space), MB. */
  heapMb: number;
  /** Longest the process goes on with one job when nobody ends it, ms of wall time. */
  wallMs: number;
  /** Longest result, characters of JSON. */
  resultCharacters: number;
}

/** The arguments to `node` that start an evaluator. */
export const programArguments = (limits: ProgramLimits): string[] => [
  `--max-old-space-size=${limits.heapMb}`,
  '-e',
  PROGRAM,
  require.resolve('@jmespath-community/jmespath'),
  String(limits.wallMs),
  String(limits.resultCharacters),
];
