import { firstTitle } from '../../domain/runs/title';

/** Characters of a title: one line in a list of conversations. */
const TITLE_LENGTH = 60;

/**
 * What a conversation is called after its first exchange, without asking a model again: the answer's own heading where
 * it begins with one, else the question's first sentence.
 */
export function titleOf(question: string, answer: string): string {
  const heading = /^\s*#{1,3}[ \t]+(\S[^\n]*)/.exec(answer)?.[1];
  return firstTitle(heading ?? firstSentence(question), TITLE_LENGTH);
}

/** Up to where a sentence or a line ends; a dot within a number or a name ends none. */
function firstSentence(text: string): string {
  const [line = ''] = text.trim().split('\n', 1);
  return /^.+?[.!?。！？](?=\s|$)/u.exec(line)?.[0] ?? line;
}
