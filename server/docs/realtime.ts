import { describeEvents, type EventDescription } from '../asyncapi/document';
import { ERRORS, LIMITS, RULES } from '../asyncapi/rules';
import { escapeHtml as escape } from '../../lib/html';
import { createSchemas, type Schema } from '../openapi/schema';

interface Field {
  name: string;
  type: string;
  description: string;
}

const typeOf = (schema: Schema): string => {
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const members = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  if (members) return [...new Set(members.map(typeOf))].join(' | ');
  if (schema.type === 'array') return `${typeOf((schema.items as Schema | undefined) ?? {})}[]`;
  const type = [(schema.type as string | string[] | undefined) ?? 'any'].flat().join(' | ');
  return typeof schema.format === 'string' ? `${type} (${schema.format})` : type;
};

function fieldsOf(schema: Schema): Field[] {
  const required = new Set(schema.required as string[] | undefined);
  return Object.entries((schema.properties ?? {}) as Record<string, Schema>).map(([name, property]) => ({
    name: required.has(name) ? name : `${name}?`,
    type: typeOf(property),
    description: typeof property.description === 'string' ? property.description : '',
  }));
}

const row = (cells: readonly string[]) =>
  `<tr>${cells.map((cell) => `<td>${escape(cell)}</td>`).join('')}</tr>`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  `<table><thead><tr>${head.map((cell) => `<th scope="col">${escape(cell)}</th>`).join('')}</tr></thead>
<tbody>${rows.map(row).join('\n')}</tbody></table>`;

const shape = (schema: Schema): string => {
  const members = ((schema.anyOf as Schema[] | undefined) ?? [schema]).map(fieldsOf);
  const tables = members.map((fields) =>
    fields.length === 0
      ? '<p>Nothing.</p>'
      : table(
          ['Field', 'Type', ''],
          fields.map(({ name, type, description }) => [name, type, description]),
        ),
  );
  return tables.join('<p class="quiet">or</p>');
};

const json = (value: unknown) => `<pre>${escape(JSON.stringify(value, null, 2))}</pre>`;

const eventSection = ({ name, summary, to, payload, example, answer }: EventDescription): string => `
<section>
<h3 id="${escape(name)}">${escape(name)}</h3>
<p>${escape(summary)}.${to ? ` <span class="quiet">To: ${escape(to)}.</span>` : ''}</p>
<h4>Payload</h4>
${shape(payload)}
<h4>For example</h4>
${json(example)}
${answer ? `<h4>Acknowledged with</h4>\n${json({ ok: true, ...(answer.example as object) })}` : ''}
</section>`;

const contents = (events: readonly EventDescription[]) =>
  `<ul>${events.map(({ name }) => `<li><a href="#${escape(name)}">${escape(name)}</a></li>`).join('')}</ul>`;

/** The realtime protocol for people, from what `asyncapi.json` is made of. */
export function realtimePage(): string {
  const { server, client } = describeEvents(createSchemas());
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Liveboard realtime protocol</title>
<link rel="icon" href="/docs/favicon.png">
<link rel="stylesheet" href="/docs/realtime.css">
</head>
<body>
<main>
<h1>The realtime protocol</h1>
<p>For machines: <a href="/api/v1/asyncapi.json">asyncapi.json</a>. The HTTP API: <a href="/docs">try it out</a>, or
<a href="/redoc">read it</a>.</p>
<dl>
${RULES.map(({ title, text }) => `<dt>${escape(title)}</dt><dd>${escape(text)}</dd>`).join('\n')}
</dl>
<nav>
<h2>What the server sends</h2>
${contents(server)}
<h2>What a client may send</h2>
${contents(client)}
</nav>
<h2>Limits</h2>
${table(
  ['What', 'At most'],
  LIMITS.map(({ what, limit }) => [what, limit]),
)}
<h2>Errors</h2>
${table(
  ['Code', 'Meaning'],
  ERRORS.map(({ code, meaning }) => [code, meaning]),
)}
<h2>Server to client</h2>
${server.map(eventSection).join('\n')}
<h2>Client to server</h2>
${client.map(eventSection).join('\n')}
</main>
</body>
</html>
`;
}
