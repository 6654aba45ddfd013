import { newId } from '../../../lib/ids';
import { beginFlow, DELTA_EVERY_MS, isCrowded, type Flow } from '../../../workers/agents/delta-ticks';
import { ReplyStream } from '../../../workers/agents/stream';
import { eventually } from '../../support/eventually';

interface Seen {
  stream: ReplyStream;
  deltas: { position: number; text: string; at: number }[];
  saves: string[];
  lost: number;
}

function open(content = '', isHeld = true): Seen {
  const seen: Seen = { deltas: [], saves: [], lost: 0 } as unknown as Seen;
  seen.stream = new ReplyStream({
    userId: newId(),
    content,
    announce: (delta) => void seen.deltas.push({ ...delta, at: performance.now() }),
    save: async (text) => {
      seen.saves.push(text);
      return isHeld;
    },
    onLost: () => void (seen.lost += 1),
    onSaveFailed: () => undefined,
  });
  return seen;
}

/** A client's text: every delta belongs right behind the one before. */
function joined({ deltas }: Seen, content = ''): string {
  let text = content;
  for (const delta of deltas) {
    expect(delta.position).toBe(text.length);
    text += delta.text;
  }
  return text;
}

describe('a reply on its way', () => {
  it('announces the first text at once, and rolls up what follows', async () => {
    const seen = open();
    seen.stream.push('Hello');
    expect(seen.deltas).toMatchObject([{ position: 0, text: 'Hello' }]);
    for (const letter of ', world') seen.stream.push(letter);
    expect(seen.deltas).toHaveLength(1);
    await eventually('the rest is announced', () => seen.deltas.length === 2);
    expect(seen.deltas[1]).toMatchObject({ position: 5, text: ', world' });
    await seen.stream.close({ announceRest: true });
    expect(seen.deltas).toHaveLength(2);
  });

  it('sends no two within the interval, whatever comes how fast', async () => {
    const seen = open();
    const begun = performance.now();
    let pieces = 0;
    while (performance.now() - begun < 10 * DELTA_EVERY_MS) {
      seen.stream.push('x');
      pieces += 1;
      await new Promise(setImmediate);
    }
    await seen.stream.close({ announceRest: true });
    expect(joined(seen)).toBe('x'.repeat(pieces));
    // The last one goes with the end. A timer may fire a millisecond early.
    const gaps = seen.deltas.slice(1, -1).map(({ at }, index) => at - (seen.deltas[index]?.at ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThan(DELTA_EVERY_MS - 2);
  });

  it('never cuts a character, and keeps neither NUL nor half ones', async () => {
    const seen = open();
    for (const piece of ['a\ud83d', '\ude00b', '\0', 'c\ud83d', 'd', '\ude00', 'e\ud83d'])
      seen.stream.push(piece);
    await seen.stream.close({ announceRest: true });
    expect(seen.stream.content).toBe('a😀bc\ufffdd\ufffde');
    expect(joined(seen)).toBe(seen.stream.content);
    for (const { text } of seen.deltas) expect(text.isWellFormed()).toBe(true);
  });

  it('puts a paragraph between turns, where both say something', async () => {
    const seen = open('First.');
    seen.stream.startTurn();
    expect(seen.stream.turnText).toBe('');
    seen.stream.startTurn();
    seen.stream.push('Second.');
    seen.stream.push(' More.');
    expect(seen.stream.turnText).toBe('Second. More.');
    await seen.stream.close({ announceRest: true });
    expect(seen.stream.content).toBe('First.\n\nSecond. More.');
    expect(joined(seen, 'First.')).toBe(seen.stream.content);
  });

  it('saves what came, rolled up, and not what is saved', async () => {
    const seen = open();
    seen.stream.push('one ');
    seen.stream.push('two');
    await eventually('it is saved', () => seen.saves.length > 0);
    expect(seen.saves).toEqual(['one two']);
    seen.stream.push(' three');
    await eventually('it is saved again', () => seen.saves.length > 1);
    expect(seen.saves[1]).toBe('one two three');
    await seen.stream.close({ announceRest: true });
  });

  it('says nothing any more once it is closed', async () => {
    const seen = open();
    seen.stream.push('Hello');
    seen.stream.push(' there');
    await seen.stream.close({ announceRest: false });
    seen.stream.push(' and on');
    expect(seen.deltas).toHaveLength(1);
    expect(seen.stream.content).toBe('Hello there');
    expect(seen.saves).toEqual([]);
  });

  it('ends where the run is another’s', async () => {
    const seen = open('', false);
    seen.stream.push('Hello');
    await eventually('it is lost', () => seen.lost === 1);
    seen.stream.push(' there');
    await seen.stream.close({ announceRest: true });
    expect(seen.deltas).toHaveLength(1);
  });
});

describe('the answer that feeds a reply', () => {
  /** More than the replies whose pieces leave every 40 ms. */
  const CROWD = 150;
  let crowd: Flow[] = [];
  afterEach(() => {
    for (const flow of crowd) flow.end();
    crowd = [];
  });

  /** A reply that has said its first words, with what was done to the reading since. */
  function fed() {
    const seen = open();
    const done: string[] = [];
    seen.stream.takeFrom({ hold: () => void done.push('hold'), release: () => void done.push('release') });
    seen.stream.push('One ');
    return { seen, done };
  }

  it('is read as it comes where few replies flow', async () => {
    const { seen, done } = fed();
    seen.stream.push('two ');
    await eventually('the rest is announced', () => seen.deltas.length === 2);
    await seen.stream.close({ announceRest: true });
    expect(isCrowded()).toBe(false);
    expect(done).not.toContain('hold');
  });

  it('is held between two pieces where many do, and what it brings then leaves at once', async () => {
    crowd = Array.from({ length: CROWD }, () => beginFlow(newId()));
    expect(isCrowded()).toBe(true);
    const seen = open();
    const done: string[] = [];
    const texts = ['two ', 'four '];
    seen.stream.takeFrom({
      hold: () => void done.push('hold'),
      release: () => {
        done.push('release');
        const text = texts.shift();
        if (text === undefined) return;
        // As a socket does: what it had read comes at once, the rest when the event loop looks for it.
        seen.stream.push(text);
        setImmediate(() => seen.stream.push('and more '));
      },
    });
    seen.stream.push('One ');
    expect(done).toEqual(['hold']);
    await eventually('it is announced twice', () => seen.deltas.length >= 2);
    await seen.stream.close({ announceRest: true });
    expect(joined(seen)).toBe('One two and more four and more ');
    expect(seen.deltas[1]?.text).toMatch(/^two and more /);
    expect(done.slice(0, 4)).toEqual(['hold', 'release', 'hold', 'release']);
  });

  it('is not held any more once nothing comes', async () => {
    crowd = Array.from({ length: CROWD }, () => beginFlow(newId()));
    const { seen, done } = fed();
    await eventually('the flow has ended', () => done.length >= 4);
    await new Promise(setImmediate);
    expect(done.filter((what) => what === 'hold')).toHaveLength(2);
    expect(done.at(-1)).toBe('release');
    seen.stream.push('more');
    expect(done.at(-1)).toBe('hold');
    await seen.stream.close({ announceRest: true });
  });
});
