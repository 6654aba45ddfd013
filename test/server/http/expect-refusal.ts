import type { Route } from '../../../server/http/route';
import type { ApiAnswer } from './api';

export const methodsWithBody: readonly string[] = ['post', 'patch', 'put'];

/** Every parameter of the path filled with the same text. */
export const pathOf = ({ path }: Pick<Route, 'path'>, parameter: string): string =>
  `/api/v1${path.replace(/:\w+/g, parameter)}`;

/** A failure in the envelope, with one of these statuses, that tells nothing of our insides. */
export function expectRefusal(what: string, answer: ApiAnswer, statuses: readonly number[]): void {
  const { status, headers, body, text } = answer;
  expect({ what, status, text }).toEqual({
    what,
    status: statuses.includes(status) ? status : statuses,
    text,
  });
  expect({ what, body }).toEqual({
    what,
    body: {
      message: expect.stringMatching(/\S/),
      error: {
        code: expect.stringMatching(/^[a-z_]+$/),
        requestId: headers['x-request-id'],
        ...(body.error?.details && { details: expect.any(Array) }),
      },
    },
  });
  for (const detail of body.error?.details ?? []) {
    expect(detail).toEqual({ path: expect.any(String), message: expect.stringMatching(/\S/) });
  }
  expect(text).not.toMatch(/node_modules|\bat \/|select .* from|insert into|relation "/i);
}
