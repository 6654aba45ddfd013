/**
 * JMESPath over data we don't trust (architecture.md, "Expressions over untrusted data"): this process's one
 * pool of evaluators, started when the first expression comes.
 */
import { type EvaluateOptions, ExpressionPool } from './expression/pool';

export { checkExpression } from '../../domain/widgets/check-expression';

let pool: ExpressionPool | undefined;

/** The value an expression selects from `data`. Errors: {@link ExpressionPool.evaluateJson}. */
export function evaluate(expression: string, data: unknown, options?: EvaluateOptions): Promise<unknown> {
  return sharedPool().evaluate(expression, data, options);
}

/** The pool that {@link evaluate} uses. */
export function sharedPool(): ExpressionPool {
  pool ??= new ExpressionPool();
  return pool;
}

/** Ends the evaluators; the next expression would start new ones. */
export function close(): void {
  pool?.close();
  pool = undefined;
}
