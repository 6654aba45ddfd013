import type { Factor } from '../../../domain/accounts/two-factor';
import { badRequest } from '../../../lib/errors';

/** @throws HttpError 400 where there is none of the two, or both */
export function factorOf({
  code,
  recoveryCode,
}: {
  code?: string | undefined;
  recoveryCode?: string | undefined;
}): Factor {
  if (code !== undefined && recoveryCode === undefined) return { code };
  if (recoveryCode !== undefined && code === undefined) return { recoveryCode };
  throw badRequest('Send either code or recoveryCode.', [
    { path: 'code', message: 'send either this or recoveryCode' },
  ]);
}
