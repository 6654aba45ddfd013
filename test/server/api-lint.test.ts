import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { asyncApiDocument } from '../../server/asyncapi/document';
import { openApiDocument } from '../../server/openapi/document';
import { apiRoutes } from '../../server/routes';
import { temporaryDirectory } from '../support/temporary';
import { serve, type Served } from './serve';

const PROJECT = join(__dirname, '..', '..');
const REDOCLY = join(PROJECT, 'node_modules', '@redocly', 'cli', 'bin', 'cli.js');

let served: Served;
let directory: string;
beforeAll(async () => {
  served = await serve();
  directory = temporaryDirectory();
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await served.close();
});

interface Operation {
  responses: Record<string, { content: Record<string, { example: unknown }> }>;
}
interface Problem {
  ruleId: string;
  message: string;
  location: { pointer?: string }[];
}

/** Lints a document as `npx redocly lint` with redocly.yaml does; it asks no network and reports to nobody. */
async function lint(document: object) {
  const path = join(directory, 'openapi.json');
  writeFileSync(path, JSON.stringify(document));
  const args = [
    REDOCLY,
    'lint',
    path,
    '--config',
    join(PROJECT, 'redocly.yaml'),
    '--format',
    'json',
    '--max-problems',
    '1000',
  ];
  const child = spawn(process.execPath, args, {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      REDOCLY_TELEMETRY: 'off',
      REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
      HTTP_PROXY: 'http://127.0.0.1:1',
      HTTPS_PROXY: 'http://127.0.0.1:1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [out, , code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const { problems } = JSON.parse(out) as { problems: Problem[] };
  return {
    code,
    problems: problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
  };
}

it('finds nothing in the realtime protocol, either', async () => {
  expect(await lint(asyncApiDocument('https://api.liveboard.example'))).toEqual({ code: 0, problems: [] });
});

const document = () => openApiDocument(apiRoutes(served.context), 'https://api.liveboard.example');

it('is clean', async () => {
  expect(await lint(document())).toEqual({ code: 0, problems: [] });
});

it('would tell of an example that its schema does not take, and of an operation without an answer', async () => {
  const broken = structuredClone(document()) as unknown as {
    paths: Record<string, Record<string, Operation>>;
  };
  const { get, post } = broken.paths['/api/v1/widgets'] ?? {};
  const answer = get?.responses[200]?.content['application/json'];
  if (!answer || !post) throw new Error('There are no widgets.');
  answer.example = { data: 'none' };
  post.responses = {};
  const rules = (await lint(broken)).problems.map(([rule]) => rule);
  expect(rules).toContain('no-invalid-media-type-examples');
  expect(rules).toContain('operation-2xx-response');
});
