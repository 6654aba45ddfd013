import type { Factor } from '../../../domain/accounts/two-factor';
import { badRequest } from '../../../lib/errors';

/** @throws HttpError 400 where there is none of the two (the bodies' schemas let none through) */
export function factorOf(body: { code?: string | undefined; recoveryCode?: string | undefined }): Factor {
  if (body.recoveryCode !== undefined) return { recoveryCode: body.recoveryCode };
  if (body.code !== undefined) return { code: body.code };
  throw badRequest('Send either code or recoveryCode.', [{ path: 'code', message: 'is missing' }]);
}
