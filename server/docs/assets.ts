import { readFile } from 'node:fs/promises';
import { sha256 } from '../../lib/ids';
import { REDOC_SCRIPT, REALTIME_STYLE, SWAGGER_SCRIPT } from './texts';

export interface Asset {
  type: 'js' | 'css' | 'png';
  /** With its quotes. */
  etag: string;
  content: Buffer;
}

/** Redoc's own logo is the one thing that it loads from elsewhere; without it that line of its page is empty. */
const CDN_LOGO = 'https://cdn.redoc.ly/redoc/logo-mini.svg';

const fromPackage = (path: string) => () => readFile(require.resolve(path));
const redocBundle = async () => {
  const text = await readFile(require.resolve('redoc/bundles/redoc.standalone.js'), 'utf8');
  return Buffer.from(text.replaceAll(CDN_LOGO, 'data:,'));
};
const ours = (text: string) => async () => Buffer.from(text);

/** What the pages load: the libraries' own files, and our few lines that start them. */
const SOURCES: Record<string, { type: Asset['type']; read: () => Promise<Buffer> }> = {
  '/docs/swagger-ui.css': { type: 'css', read: fromPackage('swagger-ui-dist/swagger-ui.css') },
  '/docs/swagger-ui-bundle.js': { type: 'js', read: fromPackage('swagger-ui-dist/swagger-ui-bundle.js') },
  '/docs/favicon.png': { type: 'png', read: fromPackage('swagger-ui-dist/favicon-32x32.png') },
  '/docs/start.js': { type: 'js', read: ours(SWAGGER_SCRIPT) },
  '/docs/realtime.css': { type: 'css', read: ours(REALTIME_STYLE) },
  '/redoc/page.css': { type: 'css', read: ours('body { margin: 0; }\n') },
  '/redoc/redoc.js': { type: 'js', read: redocBundle },
  '/redoc/start.js': { type: 'js', read: ours(REDOC_SCRIPT) },
};

const kept = new Map<string, Promise<Asset>>();

/** A file of the pages, read once, when somebody first asks. @returns undefined where there is none */
export function assetOf(path: string): Promise<Asset> | undefined {
  const source = Object.hasOwn(SOURCES, path) ? SOURCES[path] : undefined;
  if (!source) return undefined;
  const known = kept.get(path);
  if (known) return known;
  const reading = source
    .read()
    .then((content) => ({ type: source.type, etag: `"${sha256(content).slice(0, 32)}"`, content }));
  // What could not be read is tried again.
  reading.catch(() => kept.delete(path));
  kept.set(path, reading);
  return reading;
}
