/** One event of a stream of them, with its data as JSON. */
export interface ServerSent {
  name: string;
  /** Where to go on from, as `Last-Event-ID`. */
  id: string;
  data: unknown;
}

/** The events of a body, as they come. Comments and what has no name are passed over. */
export async function* serverSent(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = parse(text.slice(0, end));
      text = text.slice(end + 2);
      if (event) yield event;
    }
  }
}

function parse(block: string): ServerSent | undefined {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );
  const [name, id = '', data = 'null'] = ['event', 'id', 'data'].map((field) => fields.get(field));
  return name ? { name, id, data: JSON.parse(data) } : undefined;
}
