import { HttpError } from '../../lib/errors';

/** 412: someone else changed the row since the caller read it (If-Match). */
export const versionConflict = (what: string): HttpError =>
  new HttpError(412, 'version_conflict', `The ${what} was changed meanwhile. Load it again.`);
