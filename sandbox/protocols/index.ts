import { messages } from './anthropic';
import { chatCompletions } from './chat';
import type { Protocol } from './protocol';
import { responses } from './responses';

const PROTOCOLS: readonly Protocol[] = [responses, chatCompletions, messages];

export const protocolAt = (path: string): Protocol | undefined =>
  PROTOCOLS.find((protocol) => protocol.path === path);
