import { SourceError } from '../../../lib/errors';
import { toStorable } from '../storable-json';
import type { Answer } from './exchange';

const HTML = /^\s*<(?:!doctype\s+html|html|head|body)\b/i;

/** The reason for an answer that JSON.parse refuses. */
export function notJson(answer: Answer): SourceError {
  const isHtml = /\bhtml\b/i.test(answer.contentType) || HTML.test(answer.text);
  const message = isHtml
    ? 'The server answered with HTML, not JSON.'
    : 'The server answered with something that is not JSON.';
  return new SourceError('invalid_json', message);
}

/** @throws SourceError `empty_response` */
export function demandBody(answer: Answer): void {
  if (answer.text.trim() === '')
    throw new SourceError('empty_response', 'The server answered with an empty body.');
}

/** @throws SourceError `invalid_json` | `not_storable` */
export function parseAnswer(answer: Answer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(answer.text);
  } catch {
    throw notJson(answer);
  }
  return toStorable(value);
}
