import { resolveAllowedAddress, type AddressOptions } from '../../../../workers/sources/network/address';

const open = (options: Partial<AddressOptions> = {}): AddressOptions => ({
  allowPrivateHosts: [],
  signal: new AbortController().signal,
  ...options,
});
const resolvesTo = (...addresses: string[]) => ({ resolve: () => Promise.resolve(addresses) });

describe('resolveAllowedAddress', () => {
  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '%31%32%37.0.0.1',
    '127.0.0.1.',
    '１２７.０.０.１',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '[::1]',
    '::',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '[::ffff:7f00:1]',
    '64:ff9b::7f00:1',
    '64:ff9b:1::7f00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'ff02::1',
    'localhost',
    'LOCALHOST.',
    'evil@127.0.0.1',
    'a/b',
    '1.1.1.1:80',
    '',
  ])('refuses %p', async (host) => {
    await expect(resolveAllowedAddress(host, 80, open())).rejects.toMatchObject({
      code: 'address_not_allowed',
      failure: 'retry',
    });
  });

  test.each([
    ['1.1.1.1', { address: '1.1.1.1', family: 4 }],
    ['[2606:4700:4700::1111]', { address: '2606:4700:4700::1111', family: 6 }],
    ['::ffff:1.1.1.1', { address: '1.1.1.1', family: 4 }],
  ])('takes %p', async (host, expected) => {
    await expect(resolveAllowedAddress(host, 80, open())).resolves.toEqual(expected);
  });

  test('takes a name of public addresses, IPv4 first', async () => {
    const options = open(resolvesTo('2606:4700:4700::1111', '1.1.1.1'));
    await expect(resolveAllowedAddress('example.com', 443, options)).resolves.toEqual({
      address: '1.1.1.1',
      family: 4,
    });
  });

  test('refuses a name when a single one of its addresses is private, and does not say which', async () => {
    const options = open(resolvesTo('1.1.1.1', '10.1.2.3'));
    const error = await resolveAllowedAddress('two-faced.example', 443, options).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'address_not_allowed' });
    expect(error.message).toBe('"two-faced.example" is at an address that is not allowed.');
  });

  test.each([
    ['intranet.example'],
    ['Intranet.Example.'],
    ['intranet.example:5432'],
    ['10.1.2.3'],
    ['10.1.2.3:5432'],
    ['10.1.0.0/16'],
    ['[10.1.2.3]:5432'],
  ])('the entry %p opens it', async (entry) => {
    const options = open({ ...resolvesTo('10.1.2.3'), allowPrivateHosts: ['other', entry] });
    await expect(resolveAllowedAddress('intranet.example', 5432, options)).resolves.toEqual({
      address: '10.1.2.3',
      family: 4,
    });
  });

  test.each([
    ['intranet.example:5433'],
    ['example'],
    ['10.1.2.3:5433'],
    ['10.2.0.0/16'],
    ['fd00::/8'],
    ['*'],
    ['10.1.2.3/99'],
    ['intranet.example:99999'],
  ])('the entry %p does not', async (entry) => {
    const options = open({ ...resolvesTo('10.1.2.3'), allowPrivateHosts: [entry] });
    await expect(resolveAllowedAddress('intranet.example', 5432, options)).rejects.toMatchObject({
      code: 'address_not_allowed',
    });
  });

  test.each([['fd00::5'], ['[fd00::5]:5432'], ['fd00::/8']])(
    'the entry %p opens an IPv6 address',
    async (entry) => {
      const options = open({ allowPrivateHosts: [entry] });
      await expect(resolveAllowedAddress('fd00::5', 5432, options)).resolves.toEqual({
        address: 'fd00::5',
        family: 6,
      });
    },
  );

  test('an allowed host opens no other private address of the same name server', async () => {
    const options = open({ ...resolvesTo('10.1.2.3'), allowPrivateHosts: ['intranet.example'] });
    await expect(resolveAllowedAddress('evil.example', 5432, options)).rejects.toMatchObject({
      code: 'address_not_allowed',
    });
  });

  test('localhost resolves by the system when it is opened', async () => {
    const options = open({ allowPrivateHosts: ['localhost'] });
    await expect(resolveAllowedAddress('localhost', 80, options)).resolves.toMatchObject({
      address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
    });
  });

  test.each([
    ['the name server says no', () => Promise.reject(new Error('queryA ENOTFOUND 10.0.0.53'))],
    ['there are no addresses', () => Promise.resolve([])],
  ])('is host_not_found when %s', async (_why, resolve) => {
    await expect(resolveAllowedAddress('nowhere.example', 80, open({ resolve }))).rejects.toMatchObject({
      code: 'host_not_found',
      message: 'No address was found for "nowhere.example".',
    });
  });

  test('is host_not_found when the name server says nothing', async () => {
    const options = open({ resolve: () => new Promise(() => undefined), dnsTimeoutMs: 5 });
    await expect(resolveAllowedAddress('silent.example', 80, options)).rejects.toMatchObject({
      code: 'host_not_found',
      message: 'Looking up the name "silent.example" took too long.',
    });
  });

  test('an abort ends the look-up', async () => {
    const controller = new AbortController();
    const options = open({ resolve: () => new Promise(() => undefined), signal: controller.signal });
    const pending = resolveAllowedAddress('silent.example', 80, options);
    controller.abort(new Error('stopping'));
    await expect(pending).rejects.toThrow('stopping');
    await expect(resolveAllowedAddress('1.1.1.1', 80, options)).rejects.toThrow('stopping');
  });
});
