import { EVENTS } from '../../server/sockets/events';
import { SERVER_EVENTS } from '../../server/asyncapi/server-events';
import { ask, serve, type Served } from './serve';

let served: Served;
beforeAll(async () => {
  served = await serve({ PUBLIC_URL: 'https://api.liveboard.example/' });
});
afterAll(() => served.close());

const get = (path: string, headers: Record<string, string> = {}) => ask(`${served.url}${path}`, { headers });
const policyOf = async (path: string) => (await get(path)).headers.get('content-security-policy') ?? '';
/** What a page loads. */
const loaded = (html: string) =>
  [...html.matchAll(/<(?:script|link|img)[^>]* (?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);

it.each(['/docs', '/docs/', '/redoc', '/docs/realtime'])('shows %s from this server alone', async (path) => {
  const { status, headers, text } = await get(path);
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(text).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle="|\son\w+="/);
  const paths = loaded(text);
  expect(paths.length).toBeGreaterThan(1);
  for (const each of paths) {
    expect(each).toMatch(/^\/(docs|redoc)\//);
    const asset = await get(each);
    expect([each, asset.status, asset.text.length > 0]).toEqual([each, 200, true]);
    const etag = asset.headers.get('etag') ?? '';
    expect((await get(each, { 'If-None-Match': etag })).status).toBe(304);
  }
});

it('names nobody else’s server in what starts the pages, and takes Redoc’s logo out of its bundle', async () => {
  for (const path of ['/docs/start.js', '/redoc/start.js', '/docs/realtime.css', '/redoc/page.css']) {
    expect((await get(path)).text).not.toMatch(/https?:/);
  }
  expect((await get('/docs/start.js')).text).toContain('validatorUrl: null');
  const bundle = (await get('/redoc/redoc.js')).text;
  expect(bundle.length).toBeGreaterThan(1_000_000);
  expect(bundle).not.toContain('cdn.redoc.ly');
});

it('gives each page what it needs and no more', async () => {
  const strict =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self' https://api.liveboard.example; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
  expect(await policyOf('/docs')).toBe(strict);
  expect(await policyOf('/docs/realtime')).toBe(strict);
  expect(await policyOf('/redoc')).toBe(
    `${strict.replace("style-src 'self'", "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' 'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='")}; worker-src blob:`,
  );
});

it('shows every event of the realtime protocol, with an example', async () => {
  const { text } = await get('/docs/realtime');
  const names = [...Object.keys(SERVER_EVENTS), ...EVENTS.keys()];
  for (const name of names) expect(text).toContain(`<h3 id="${name}">`);
  expect(text.match(/<h4>For example<\/h4>/g)).toHaveLength(names.length);
});

it('has nothing else below its paths', async () => {
  for (const path of [
    '/docs/none',
    '/docs/../package.json',
    '/redoc/%2e%2e/package.json',
    '/docs/constructor',
  ]) {
    expect([path, (await get(path)).status]).toEqual([path, 404]);
  }
  expect((await ask(`${served.url}/docs`, { method: 'POST' })).status).toBe(404);
});
