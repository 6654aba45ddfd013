import { newId } from '../../lib/ids';
import type { SandboxRequest } from '../request';

/** An id for a call, as the protocol's own look. */
export const newToolCallId = (request: SandboxRequest): string =>
  `${request.protocol === 'anthropic' ? 'toolu' : 'call'}_${newId().replaceAll('-', '')}`;
