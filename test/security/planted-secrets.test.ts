import { randomUUID } from 'node:crypto';
import { agentBody, httpConnectionBody, providerBody, registerBody, widgetBody } from '../factories/bodies';
import { apiOf as plainApiOf, call, type ApiAnswer } from '../server/http/api';
import { JWT_SECRET } from '../server/serve';
import { ask, open, type Refusal } from '../server/sockets/node';
import { everyRow } from '../support/every-row';
import { eventually } from '../support/eventually';
import { PROVIDER_PROTOCOLS } from '../../domain/providers/config';
import { boardTexts } from './planted/board';
import { ENCRYPTION_KEY, METRICS_TOKEN, openPlantedStage, type PlantedStage } from './planted/stage';

jest.setTimeout(180_000);

let stage: PlantedStage;
beforeAll(async () => {
  stage = await openPlantedStage();
});
afterAll(() => stage?.close());

/** Everything that must turn up nowhere. */
const secrets: string[] = [JWT_SECRET, ENCRYPTION_KEY, METRICS_TOKEN];
/** A new secret, to be recognised in whatever it becomes part of. */
function planted(what: string): string {
  const secret = `planted-${what}-${randomUUID().slice(0, 8)}`;
  secrets.push(secret);
  return secret;
}
/** A token, and of a signed one its signature alone. */
function keep(token: string): string {
  secrets.push(token, token.split('.').at(-1) ?? token);
  return token;
}

/** What people got to read, but for where a secret is theirs to read once. */
const answers: string[] = [];
let addresses = 0;
const from = () => ({ 'X-Forwarded-For': `203.0.113.${(addresses += 1)}` });

async function told(answer: Promise<ApiAnswer>, status: number): Promise<ApiAnswer> {
  const given = await answer;
  answers.push(given.text + JSON.stringify(given.headers));
  expect([given.text, given.status]).toEqual([given.text, status]);
  return given;
}
const dataOf = <T>({ body }: ApiAnswer) => body.data as T;
const idOf = (answer: ApiAnswer) => dataOf<{ id: string }>(answer).id;
const apiOf = (token?: string) => plainApiOf(stage.port, token);

interface Account {
  tokens: { accessToken: string; refreshToken: string };
}
const tokenOf = (answer: ApiAnswer): string => {
  expect([answer.text, answer.status < 300]).toEqual([answer.text, true]);
  const { accessToken, refreshToken } = dataOf<Account>(answer).tokens;
  keep(refreshToken);
  return keep(accessToken);
};

/** Registers, verifies, forgets the password and sets another. @returns the access token */
async function comeIn(): Promise<{ token: string; email: string }> {
  const nobody = apiOf();
  const body = registerBody({ password: planted('password') });
  tokenOf(await nobody.post('/auth/register', body, from()));
  const { email } = body;
  const verification = keep((await stage.smtp.mailTo(email)).token);
  await told(nobody.post('/auth/verify-email', { token: verification }, from()), 200);
  await told(nobody.post('/auth/verify-email', { token: verification }, from()), 400);
  await nobody.post('/auth/forgot-password', { email }, from());
  const reset = keep((await stage.smtp.mailTo(email, 2)).token);
  const password = planted('new-password');
  const changed = await nobody.post('/auth/reset-password', { token: reset, password: 'short' }, from());
  answers.push(changed.text);
  const again = await nobody.post('/auth/reset-password', { token: reset, password }, from());
  expect([again.text, again.status < 300]).toEqual([again.text, true]);
  await told(nobody.post('/auth/login', { email, password: planted('wrong') }, from()), 401);
  const token = tokenOf(await nobody.post('/auth/login', { email, password }, from()));
  return { token, email };
}

async function invite(token: string): Promise<void> {
  const email = `${randomUUID()}@example.test`;
  await told(apiOf(token).post('/business/invitations', { email, role: 'viewer' }), 201);
  const link = keep((await stage.smtp.mailTo(email)).token);
  await told(
    apiOf().post('/invitations/accept', { token: link, name: 'N', password: ['x', planted('list')] }),
    400,
  );
  const accepted = await apiOf().post('/invitations/accept', {
    token: link,
    name: 'A newcomer',
    password: planted('invited'),
  });
  tokenOf(accepted);
  await told(apiOf().post('/invitations/accept', { token: link, name: 'N', password: planted('late') }), 400);
}

async function useKeys(token: string): Promise<void> {
  const widget = idOf(await told(apiOf(token).post('/widgets', widgetBody()), 201));
  const made = await apiOf(token).post('/api-keys', { name: 'A key', scopes: ['widgets:push'] });
  const { key } = dataOf<{ key: string }>(made);
  expect(key).toMatch(/^lb_/);
  secrets.push(key, key.split('_').slice(2).join('_'));
  await told(apiOf(key).post(`/widgets/${widget}/data`, { data: [1] }), 200);
  await told(apiOf(key).get('/business/members'), 403);
  await told(apiOf(`${key.slice(0, -8)}AAAAAAAA`).get('/widgets'), 401);
  secrets.push(`${key.slice(0, -8)}AAAAAAAA`);
}

/** Credentials of outside systems that refuse them and say so at length. */
async function connect(token: string): Promise<void> {
  const api = apiOf(token);
  const { parrot, databaseUrl } = stage;
  const http = httpConnectionBody({
    config: { baseUrl: parrot.url },
    secret: { headers: { Authorization: `Bearer ${planted('header')}`, 'X-Key': planted('header') } },
  });
  const httpId = idOf(await told(api.post('/connections', http), 201));
  const { hostname, port } = new URL(databaseUrl);
  const config = { host: hostname, port: Number(port), database: 'nothing', user: 'nobody', ssl: false };
  const body = { name: 'A database', kind: 'postgres', config, secret: { password: planted('db-password') } };
  const sqlId = idOf(await told(api.post('/connections', body), 201));
  for (const id of [httpId, sqlId]) answers.push((await api.post(`/connections/${id}/test`)).text);

  // Sent as a wrong type, in a wrong place, or beside something wrong.
  for (const wrong of [
    { ...body, secret: planted('not-an-object') },
    { ...body, secret: { password: [planted('in-a-list')] } },
    { ...body, password: planted('outside') },
    { ...body, kind: planted('kind') },
    { ...body, config: { ...config, password: planted('in-config') } },
    { ...http, secret: { headers: { 'X-Key': `${planted('line')}\r\nX-Other: a` } } },
  ]) {
    await told(api.post('/connections', wrong), 400);
  }
  const patch = { secret: { headers: { 'X-Key': planted('patched') } } };
  await told(api.patch(`/connections/${httpId}`, patch), 200);

  const source = { kind: 'http', connectionId: httpId, path: '/figures' };
  answers.push((await api.post('/widgets/preview', { type: 'custom', source })).text);
  const widgetId = idOf(await told(api.post('/widgets', widgetBody({ source })), 201));
  await eventually('the refresh has failed', async () => {
    const { text, body: shown } = await api.get(`/widgets/${widgetId}/data`);
    answers.push(text);
    return ['failing', 'paused'].includes((shown.data as { status: string }).status);
  });
  for (const id of [httpId, sqlId]) await told(api.get(`/connections/${id}`), 200);
}

/** Providers that refuse the key and repeat it in what they say. */
async function chat(token: string): Promise<void> {
  const api = apiOf(token);
  for (const protocol of PROVIDER_PROTOCOLS) {
    const provider = providerBody({
      protocol,
      baseUrl: stage.parrot.url,
      secret: { apiKey: planted('api-key') },
      models: [{ name: 'm', contextWindow: 8_000, maxOutputTokens: 1_000 }],
    });
    const providerId = idOf(await told(api.post('/providers', provider), 201));
    await told(api.patch(`/providers/${providerId}`, { secret: { apiKey: [planted('key-list')] } }), 400);
    const agent = agentBody({ model: `${provider.slug}/m`, maxTokens: 100 });
    const agentId = idOf(await told(api.post('/agents', agent), 201));
    const asked = await told(api.post(`/agents/${agentId}/chat`, { message: 'Hello?' }), 202);
    const { run, conversation } = dataOf<{ run: { id: string }; conversation: { id: string } }>(asked);
    await eventually('the run has failed', async () => {
      const { text, body } = await api.get(`/runs/${run.id}`);
      answers.push(text);
      return (body.data as { status: string }).status === 'failed';
    });
    await told(api.get(`/conversations/${conversation.id}/messages`), 200);
  }
}

/** Secrets where they do not belong. */
async function misplace(token: string): Promise<void> {
  const api = apiOf(token);
  await told(api.get(`/widgets?token=${planted('in-query')}`), 400);
  await told(apiOf(planted('bearer')).get('/widgets'), 401);
  await told(apiOf().post('/auth/refresh', { refreshToken: planted('refresh') }), 401);
  const headers = { Cookie: `__Host-liveboard_refresh=${planted('cookie')}` };
  await told(call(stage.port, { method: 'get', path: '/api/v1/auth/me', headers }), 401);
  await told(call(stage.port, { method: 'get', path: '/metrics', token: planted('metrics') }), 403);
  await told(
    call(stage.port, { method: 'post', path: '/api/v1/auth/login', body: `{"password":"${planted('cut')}` }),
    400,
  );
  const refused = open(stage.port, { auth: { token: planted('socket') } });
  await new Promise<void>((resolve) => {
    refused.once('connect_error', (error: Refusal) => {
      answers.push(JSON.stringify(error.data));
      resolve();
    });
  });
  refused.disconnect();
  const client = open(stage.port, { auth: { token } });
  answers.push(JSON.stringify(await ask(client, 'auth.refresh', { token: planted('renewal') })));
  answers.push(JSON.stringify(await ask(client, 'sync', { token: planted('unknown-field') })));
  client.disconnect();
}

it('keeps what is secret out of logs, metrics, jobs, rows, answers and the board', async () => {
  const { token, email } = await comeIn();
  await invite(token);
  await useKeys(token);
  await connect(token);
  await chat(token);
  await misplace(token);
  for (const path of [
    'audit-events',
    'notifications',
    'api-keys',
    'providers',
    'connections',
    'auth/sessions',
  ]) {
    await told(apiOf(token).get(`/${path}`), 200);
  }
  const metrics = await call(stage.port, { method: 'get', path: '/metrics', token: METRICS_TOKEN });
  const ofWorker = await call(stage.workerMetricsPort, {
    method: 'get',
    path: '/metrics',
    token: METRICS_TOKEN,
  });
  expect([metrics.status, ofWorker.status]).toEqual([200, 200]);
  const places: Record<string, string> = {
    log: stage.log(),
    metrics: metrics.text + ofWorker.text,
    redis: await stage.redisTexts(),
    rows: await everyRow(stage.databaseUrl),
    answers: answers.join('\n'),
    board: await boardTexts(stage.port, stage.databaseUrl),
  };
  // Each place holds what it should, so what is not found in it is not there.
  const holds: [string, string][] = [
    ['log', '/api/v1/invitations/accept'],
    ['log', 'worker ready'],
    ['metrics', 'http_request'],
    ['redis', 'runId'],
    ['redis', 'mailId'],
    ['redis', 'evalsha'],
    ['rows', email],
    ['rows', 'api_key.created'],
    ['answers', 'invalid_token'],
    ['board', 'mailId'],
  ];
  expect(holds.filter(([place, text]) => !places[place]?.includes(text))).toEqual([]);
  expect(new Set(secrets).size).toBeGreaterThan(40);
  const heard = stage.parrot.heard();
  expect(
    secrets.filter((secret) => /header|api-key/.test(secret) && heard.includes(secret)).length,
  ).toBeGreaterThan(3);
  const found = Object.entries(places).flatMap(([place, text]) =>
    secrets.filter((secret) => text.includes(secret)).map((secret) => `${secret} in ${place}`),
  );
  expect(found).toEqual([]);
});
