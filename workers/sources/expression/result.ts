import { SourceError } from '../../../lib/errors';
import type { ExpressionLimits } from './limits';
import type { Reply } from './program';

/** Longest complaint of the library that is passed on, characters: it may quote the expression. */
const MAX_REASON_CHARACTERS = 300;

/** A reply as a value. @throws SourceError that says why there is none */
export function resultOf(reply: Reply, limits: ExpressionLimits): unknown {
  if (reply.text !== undefined) return JSON.parse(reply.text);
  const reason = (reply.message || 'it does not fit the data').slice(0, MAX_REASON_CHARACTERS);
  switch (reply.code) {
    case 'invalid_json':
      throw new SourceError('invalid_json', 'The data is not valid JSON.');
    case 'expression_invalid':
      throw new SourceError('expression_invalid', `The select expression is not valid: ${reason}`, {
        failure: 'pause',
      });
    case 'expression_too_slow':
      throw new SourceError(
        'expression_too_slow',
        `The select expression takes longer than ${limits.cpuMs} ms.`,
      );
    case 'result_too_large':
      throw new SourceError(
        'result_too_large',
        `The select expression yields more than ${limits.resultCharacters / 1e6} MB.`,
      );
    default:
      throw new SourceError('expression_failed', `The select expression failed: ${reason}`);
  }
}
