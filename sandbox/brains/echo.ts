import type { Answer } from '../answer/pieces';
import { lastUserText, type SandboxRequest } from '../request';

/** Says what the person said last. */
export const echo = (request: SandboxRequest): Answer => ({ text: lastUserText(request), toolCalls: [] });
