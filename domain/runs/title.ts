/** What a conversation is called after its first message: one line, cut between words where it is long. */
export function firstTitle(content: string, length: number): string {
  // By code points: a character cut in half can't be stored.
  const characters = Array.from(content.replace(/\s+/g, ' ').trim());
  if (characters.length <= length) return characters.join('');
  const cut = characters.slice(0, length).join('');
  const space = cut.lastIndexOf(' ');
  return `${space > cut.length / 2 ? cut.slice(0, space) : cut}…`;
}
