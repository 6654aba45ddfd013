import { createProviders } from '../../../../workers/agents/providers';
import { closeAll, configOf, KEY, outcomeOf, requestOf, serve } from './fixture';
import { HELLO } from './wire-bytes';

afterEach(closeAll);

const { begin } = HELLO['openai-chat'];
const config = configOf('openai-chat', 'http://127.0.0.1:8');

test('one provider per config, another after any change of it', async () => {
  const providers = createProviders({ allowPrivateHosts: [] });
  const first = providers.get(config);
  expect(providers.get({ ...config, quirks: { ...config.quirks } })).toBe(first);
  for (const change of [
    { id: 'other' },
    { apiKey: `${KEY}2` },
    { baseUrl: 'http://127.0.0.1:9' },
    { protocol: 'openai-responses' },
    { configuredBy: 'business' },
    { quirks: { ...config.quirks, tools: false } },
  ] as const) {
    expect(providers.get({ ...config, ...change })).not.toBe(first);
  }
  expect(providers.get(config)).toBe(first);
  await providers.close();
});

test('keeps those that are used, and not without end', async () => {
  const providers = createProviders({ allowPrivateHosts: [] });
  const used = providers.get(config);
  const unused = providers.get({ ...config, id: 'unused' });
  for (let each = 0; each < 300; each += 1) {
    providers.get({ ...config, id: `business-${each}` });
    expect(providers.get(config)).toBe(used);
  }
  expect(providers.get({ ...config, id: 'unused' })).not.toBe(unused);
  await providers.close();
});

test('close ends the calls that run', async () => {
  const server = await serve((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(begin);
  });
  const providers = createProviders({ allowPrivateHosts: ['127.0.0.1'] });
  for (const configuredBy of ['operator', 'business'] as const) {
    const provider = providers.get(configOf('openai-chat', server.origin, { configuredBy }));
    const outcome = outcomeOf(provider.stream(requestOf()));
    const received = await server.request();
    await providers.close();
    await received.closed;
    expect((await outcome).error).toMatchObject({ code: 'cut', fate: 'ambiguous' });
    server.requests.splice(0);
  }
});
