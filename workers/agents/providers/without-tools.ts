import type { ContextMessage } from './provider';

/**
 * The context for a server that takes no tools: calls and results that another model left in the conversation as
 * text, since such servers refuse their own form.
 */
export const withoutTools = (messages: readonly ContextMessage[]): ContextMessage[] =>
  messages.map((message) => {
    if (message.role === 'tool') return { role: 'user', content: `Result of a tool:\n${message.content}` };
    if (message.role === 'user' || message.toolCalls.length === 0) return message;
    const calls = message.toolCalls.map((call) => `Called the tool ${call.name} with ${call.arguments}`);
    const content = [message.content, ...calls].filter((part) => part !== '').join('\n');
    return { role: 'assistant', content, toolCalls: [] };
  });
