import fc from 'fast-check';
import type { Route } from '../../../server/http/route';
import { methodsWithBody } from '../../server/http/expect-refusal';
import type { Call } from '../../server/http/api';
import { sampleOf } from '../../server/http/sample';
import { hostileKey, hostileText, textOf } from './hostile';
import { jsonSchemaOf, valuesOf } from './from-schema';
import { mutate, mutations } from './mutate';

export type FuzzedCall = Omit<Call, 'token'>;

/** A header's value as far as a client can send it: Latin-1 without controls, and not so long that Node refuses it. */
const headerText = hostileText.map((text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').slice(0, 2_000));
const quoted = fc.oneof(
  fc.constantFrom(
    '*',
    '""',
    '"1"',
    'W/"1"',
    '"999999999999999"',
    '"1-2"',
    '"9007199254740993"',
    '"-1"',
    '1, "1"',
  ),
  headerText,
);

const HEADERS: fc.Arbitrary<Record<string, string>> = fc.record(
  {
    'If-Match': quoted,
    'If-None-Match': quoted,
    'Idempotency-Key': fc.oneof(fc.constantFrom('again', 'a'.repeat(200), 'a'.repeat(201)), headerText),
    'Last-Event-ID': fc.oneof(fc.constantFrom('0', '-1', '1e9', '9'.repeat(30)), headerText),
    'X-Request-Id': headerText,
    'X-Forwarded-For': headerText,
    'User-Agent': headerText,
    Accept: fc.oneof(
      fc.constantFrom('text/csv', 'application/xml', '*/*;q=NaN', ',,,', 'text/event-stream'),
      headerText,
    ),
    Origin: headerText,
    Cookie: fc.oneof(fc.constant('__Host-liveboard_refresh=%00'), headerText),
  },
  { requiredKeys: [] },
);

/** As a careful client sends it, and as one that repeats itself. */
const KEYED = fc.oneof(fc.uuid(), fc.constant('again')).map((key) => ({ 'Idempotency-Key': key }));

/** How a body that is fine as JSON goes wrong on its way. */
const WIRE = fc.constantFrom(
  ...Array.from({ length: 12 }, () => 'plain' as const),
  'chunked',
  'notUtf8',
  'cut',
  'asText',
  'twice',
  'empty',
);

function onTheWire(
  text: string,
  wire: 'plain' | 'chunked' | 'notUtf8' | 'cut' | 'asText' | 'twice' | 'empty',
) {
  switch (wire) {
    case 'chunked':
      return { body: text, chunked: true };
    case 'notUtf8':
      return { body: Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0xc3, 0x28, 0xff, 0x7d])]) };
    case 'cut':
      return { body: text.slice(0, Math.floor(text.length / 2)) };
    case 'twice':
      return { body: text + text };
    case 'empty':
      return { body: '' };
    default:
      return { body: text };
  }
}

/** As a text in a URL, half a surrogate pair as the bytes that would be it. */
const inUrl = (text: string): string =>
  // Node refuses 16 KB of path and headers by itself.
  encodeURIComponent(text.toWellFormed().slice(0, 400).toWellFormed()).replaceAll("'", '%27');
const asText = (value: unknown): string => (typeof value === 'string' ? value : textOf(value));

/** One or two of these in 2 of `of` + 2 cases, none in the others. */
const sometimes = <T>(arbitrary: fc.Arbitrary<T>, { of }: { of: number }): fc.Arbitrary<T[]> =>
  fc.oneof(
    { weight: of, arbitrary: fc.constant<T[]>([]) },
    { weight: 2, arbitrary: fc.array(arbitrary, { minLength: 1, maxLength: 2 }) },
  );

/** The query: what the schema wants, and what nobody does. */
function queries(route: Route, ids: readonly string[]): fc.Arbitrary<string> {
  const fitting = route.query ? valuesOf(route.query, ids) : fc.constant({});
  const names = route.query ? Object.keys(jsonSchemaOf(route.query).properties ?? {}) : [];
  const name = names.length > 0 ? fc.oneof(fc.constantFrom(...names), hostileKey) : hostileKey;
  const wrong = fc.tuple(name, fc.constantFrom('', '', '[]', '[a]', '.a'), hostileText);
  const raw = fc.constantFrom('%', '%ff%fe', '&&=&', '%00=1', 'a=%E0%A4%A', 'a=?', 'a&'.repeat(500));
  return fc
    .record({
      fitting,
      wrong: sometimes(wrong, { of: 3 }),
      raw: fc.option(raw, { freq: 12, nil: undefined }),
    })
    .map((parts) =>
      [
        ...Object.entries(parts.fitting as object).map(
          ([key, value]) => `${inUrl(key)}=${inUrl(asText(value))}`,
        ),
        ...parts.wrong.map(([key, suffix, value]) => `${inUrl(key)}${suffix}=${inUrl(value)}`),
        ...(parts.raw === undefined ? [] : [parts.raw]),
      ].join('&'),
    );
}

/** Bodies that fit: whatever the schema can mean, and as often the one that is surely taken. */
const bodies = ({ body }: Route, ids: readonly string[]): fc.Arbitrary<unknown> =>
  body
    ? fc.oneof(
        valuesOf(body, ids),
        fc.constant(null).map(() => sampleOf(body)),
      )
    : fc.constant({});

/** Requests to a route, made from its own schemas and then made wrong, or not. */
export function requestsOf(route: Route, ids: readonly string[]): fc.Arbitrary<FuzzedCall> {
  const id = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...ids) },
    { weight: 2, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: hostileText },
  );
  const body = methodsWithBody.includes(route.method)
    ? fc
        .record({
          value: bodies(route, ids),
          wrong: sometimes(mutations, { of: 1 }),
          wire: WIRE,
        })
        .map(({ value, wrong, wire }) => {
          const text = textOf(wrong.reduce<unknown>(mutate, structuredClone(value)));
          const type = wire === 'asText' ? { 'Content-Type': 'text/plain' } : {};
          return { ...onTheWire(text, wire), headers: type as Record<string, string> };
        })
    : fc.constant({ headers: {} });
  return fc
    .record({
      id,
      query: queries(route, ids),
      body,
      headers: fc.oneof(fc.constant({}), HEADERS, HEADERS, KEYED, KEYED),
      // Mostly one part is hostile, so that the rest gets it past the door.
      hostile: fc.constantFrom('query', 'body', 'body', 'body', 'headers', 'headers', 'all'),
    })
    .map((made) => {
      const isIn = (part: string) => made.hostile === part || made.hostile === 'all';
      const { body: sent, headers: own }: Sent = isIn('body') ? made.body : plainBody(route);
      return requestTo(route, made.id, {
        query: isIn('query') ? made.query : '',
        ...(sent !== undefined && { body: sent }),
        ...(isIn('body') && 'chunked' in made.body && { chunked: true }),
        headers: { ...(isIn('headers') ? made.headers : {}), ...own },
      });
    });
}

interface Sent {
  body?: string | Buffer;
  headers: Record<string, string>;
}

const plainBody = ({ method, body }: Route): Sent => ({
  ...(methodsWithBody.includes(method) && { body: JSON.stringify(body ? sampleOf(body) : {}) }),
  headers: {},
});

function requestTo(
  route: Route,
  id: string,
  { query, ...rest }: Omit<FuzzedCall, 'method' | 'path'> & { query: string },
): FuzzedCall {
  const path = `/api/v1${route.path.replace(/:\w+/g, inUrl(id) || '%20')}`;
  return { method: route.method, path: query ? `${path}?${query}` : path, ...rest };
}

/** What is fine but for one field that nobody knows: in the query, and in the body. */
export function withUnknownField(route: Route, [id = '']: readonly string[]): FuzzedCall[] {
  const { body, headers } = plainBody(route);
  const inQuery = requestTo(route, id, { query: 'isAdmin=1', ...(body !== undefined && { body }), headers });
  if (body === undefined) return [inQuery];
  const inBody = JSON.stringify({ ...(JSON.parse(String(body)) as object), isAdmin: true });
  return [inQuery, requestTo(route, id, { query: '', body: inBody, headers })];
}
