import { eventually } from '../../support/eventually';
import { createMailWorld, PUBLIC_URL, type MailWorld } from './fixture';

/** Mails over a real SMTP server, on both brokers. */
describe.each(['postgres', 'redis'] as const)('on the %s broker', (kind) => {
  let world: MailWorld;
  beforeAll(async () => {
    world = await createMailWorld(kind);
  });
  afterAll(() => world.close());

  const ends = (mailId: string, status: string) =>
    eventually(`the mail is ${status}`, async () => {
      const row = await world.row(mailId);
      return row.status === status ? row : undefined;
    });
  /** As if the pause after a failure, or a lease, were over. */
  const fallDue = (mailId: string) =>
    world.sql(
      `update mails set due_at = now(), enqueued_at = now() - interval '1 minute' where id = '${mailId}'`,
    );

  it('sends a mail with a link from its row, once', async () => {
    const { email } = await world.addUser();
    const mailId = await world.mail({ template: 'verify_email', recipient: email.toUpperCase() });
    const mail = await world.smtp.mailTo(email);
    expect(mail.from).toBe('no-reply@boards.example.test');
    expect(mail.subject).toBe('Verify your e-mail address');
    expect(mail.messageId).toBe(`<${mailId}@boards.example.test>`);
    expect(mail.text).toContain(`${PUBLIC_URL}/account/verify-email#token=${mail.token}`);
    expect(mail.text).toContain('Auto-Submitted: auto-generated');
    expect(mail.text).toContain('You get this mail because');
    // As text as it is, in HTML escaped.
    expect(mail.text).toContain('Hello Ada <b>,');
    expect(mail.text).toContain('<p>Hello Ada &lt;b&gt;,</p>');
    expect(await ends(mailId, 'sent')).toMatchObject({ attempts: 1, last_error: null });
    await world.served.jobs.enqueueMany('mail', [{ mailId, delivery: 7, requestId: 'again' }]);
    await eventually('the second job is done', () =>
      world.served.jobs.queues.mail.getJob(`${mailId}-7`).then((job) => job?.finishedOn),
    );
    expect(world.smtp.received.filter(({ to }) => to.includes(email))).toHaveLength(1);
  });

  it.each([
    ['421 at the recipient', { code: 421, at: 'recipient' }, 'The mail server answered 421'],
    ['451 at the end of the mail', { code: 451, at: 'data' }, 'The mail server answered 451'],
    ['a connection cut in the mail', 'cut', 'The mail server could not be used (ECONNECTION'],
  ] as const)('tries again after %s', async (_what, fault, reason) => {
    const { email } = await world.addUser();
    world.smtp.next(fault);
    const mailId = await world.mail({ recipient: email });
    const waiting = await eventually('the failure is written down', async () => {
      const row = await world.row(mailId);
      return row.last_error ? row : undefined;
    });
    expect(waiting).toMatchObject({ status: 'queued', attempts: 1 });
    expect(waiting.last_error).toContain(reason);
    await fallDue(mailId);
    await world.smtp.mailTo(email);
    expect(await ends(mailId, 'sent')).toMatchObject({ attempts: 2, last_error: null });
  });

  it('sends again, under the same Message-ID, what may not have arrived', async () => {
    const { email } = await world.addUser();
    world.smtp.next('swallow');
    const mailId = await world.mail({ recipient: email });
    await eventually('the failure is written down', async () => (await world.row(mailId)).last_error);
    await fallDue(mailId);
    const second = await world.smtp.mailTo(email, 2);
    expect(second.messageId).toBe((await world.smtp.mailTo(email, 1)).messageId);
    await ends(mailId, 'sent');
  });

  it.each([
    { code: 550, at: 'recipient' },
    { code: 554, at: 'data' },
  ] as const)('gives up after %j, and says why without what the other wrote', async (fault) => {
    const { email } = await world.addUser();
    world.smtp.next(fault);
    const mailId = await world.mail({ recipient: email });
    const { last_error: reason, attempts } = await ends(mailId, 'failed');
    expect(attempts).toBe(1);
    expect(reason).toMatch(
      new RegExp(`^The mail server answered ${fault.code} 5\\.1\\.1 to (RCPT TO|DATA)\\.$`),
    );
    expect(world.log()).toContain('mail given up');
  });

  it('gives up after the tenth try, one that took its worker down included', async () => {
    const { email } = await world.addUser();
    world.smtp.next({ code: 421, at: 'recipient' });
    const mailId = await world.mail({ recipient: email });
    await eventually('the failure is written down', async () => (await world.row(mailId)).last_error);
    await world.sql(`update mails set attempts = 10 where id = '${mailId}'`);
    await fallDue(mailId);
    expect((await ends(mailId, 'failed')).last_error).toBe('No try of 10 came to an end.');
    expect(world.smtp.received.some(({ to }) => to.includes(email))).toBe(false);
  });

  it('hands over a mail whose job was lost', async () => {
    const { email } = await world.addUser();
    await world.sql(`insert into mails (id, template, recipient, enqueued_at)
      values (gen_random_uuid(), 'password_changed', '${email}', now() - interval '1 minute')`);
    expect((await world.smtp.mailTo(email)).subject).toBe('Your password was changed');
  });

  it('does not send what has lapsed', async () => {
    const [known, verified] = [await world.addUser(), await world.addUser({ verified: true })];
    world.smtp.next({ code: 421, at: 'recipient' });
    const used = await world.mail({ template: 'reset_password', recipient: known.email });
    await eventually('the failure is written down', async () => (await world.row(used)).last_error);
    await world.sql(`update link_tokens set used_at = now() where user_id = '${known.id}'`);
    await fallDue(used);
    const stranger = await world.mail({ template: 'reset_password', recipient: 'nobody@example.test' });
    const done = await world.mail({ template: 'verify_email', recipient: verified.email });
    const withdrawn = await world.mail({ template: 'invitation', recipient: 'guest@example.test' });
    const old = await world.mail({ recipient: 'late@example.test' });
    for (const id of [used, stranger, done, withdrawn]) await ends(id, 'lapsed');
    await ends(old, 'sent');
    const to = world.smtp.received.flatMap((mail) => mail.to);
    for (const address of [known.email, 'nobody@example.test', verified.email, 'guest@example.test']) {
      expect(to).not.toContain(address);
    }
  });

  it('does not send the news of yesterday', async () => {
    await world.sql(`insert into mails (id, template, recipient, created_at, enqueued_at)
      values (gen_random_uuid(), 'password_changed', 'yesterday@example.test',
              now() - interval '25 hours', now() - interval '1 minute')`);
    const [row] = await eventually('it is over', async () => {
      const rows = await world.sql(
        `select status, last_error from mails where recipient = 'yesterday@example.test' and status <> 'queued'`,
      );
      return rows.length > 0 ? rows : undefined;
    });
    expect(row).toEqual({ status: 'failed', last_error: 'It could not be sent within a day.' });
  });

  it('takes a new link of a kind for the old one', async () => {
    const { id, email } = await world.addUser();
    await world.mail({ template: 'reset_password', recipient: email });
    const first = await world.smtp.mailTo(email, 1);
    await world.mail({ template: 'reset_password', recipient: email });
    const second = await world.smtp.mailTo(email, 2);
    expect(second.token).not.toBe(first.token);
    const open = await world.sql(
      `select id::text from link_tokens where user_id = '${id}' and used_at is null`,
    );
    expect(open).toEqual([{ id: second.token.split('.')[0] }]);
  });

  it('keeps a slow server’s mail for itself, and is heard when that server is', async () => {
    const { email } = await world.addUser();
    world.smtp.next('hang');
    const mailId = await world.mail({ recipient: email });
    await eventually('the mail is in the server’s hand', () => world.smtp.hanging() === 1);
    const [claimed] = await world.sql(`select due_at from mails where id = '${mailId}'`);
    await eventually('its lease was renewed', async () => {
      const [row] = await world.sql(`select due_at from mails where id = '${mailId}'`);
      return (row?.due_at as Date) > (claimed?.due_at as Date);
    });
    world.smtp.release();
    expect(await ends(mailId, 'sent')).toMatchObject({ attempts: 1 });
  });

  it('writes no address and no token to log, job or database', async () => {
    const { email } = await world.addUser();
    await world.mail({ template: 'verify_email', recipient: email });
    await world.mail({ template: 'reset_password', recipient: email });
    const tokens = [(await world.smtp.mailTo(email, 1)).token, (await world.smtp.mailTo(email, 2)).token];
    const macs = tokens.map((token) => token.split('.')[1] as string);
    await eventually('both are sent', async () => {
      const rows = await world.sql(`select from mails where recipient = '${email}' and status = 'sent'`);
      return rows.length === 2;
    });
    const jobs = await world.served.jobs.queues.mail.getJobs(['completed', 'failed', 'waiting', 'active']);
    expect(jobs.length).toBeGreaterThan(1);
    const [{ rows } = { rows: '' }] = (await world.sql(
      `select string_agg(query_to_xml('select * from ' || quote_ident(tablename), true, false, '')::text, '') as rows
         from pg_tables where schemaname = 'public'`,
    )) as { rows: string }[];
    expect(rows).toContain(email);
    for (const mac of macs) {
      expect(mac).toHaveLength(43);
      expect(rows).not.toContain(mac);
      expect(world.log()).not.toContain(mac);
      expect(JSON.stringify(jobs)).not.toContain(mac);
    }
    for (const { to } of world.smtp.received) {
      expect(world.log()).not.toContain(to[0]);
      expect(JSON.stringify(jobs)).not.toContain(to[0]);
    }
    expect(world.log()).not.toContain('secret.test');
  });
});
