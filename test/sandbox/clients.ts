import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { SANDBOX_KEY, type TestSandbox } from '../support/sandbox';

/** The official SDKs, pointed at the sandbox. They retry nothing, so that each call is one request, and log nothing of the faults that tests ask for. */
export const openaiFor = ({ url }: TestSandbox, apiKey = SANDBOX_KEY) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0, logLevel: 'off' });

export const anthropicFor = ({ url }: TestSandbox, apiKey = SANDBOX_KEY) =>
  new Anthropic({ baseURL: url, apiKey, maxRetries: 0, logLevel: 'off' });

/** Everything an async iterable gives. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}
