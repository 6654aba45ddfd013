import { io, type Socket } from 'socket.io-client';
import type { Acknowledged, PresencePerson, ServerEvents } from '../../realtime/events';
import { Replica } from '../../realtime/replica';
import type { SyncAnswer } from '../../realtime/sync/changes';
import type { Api } from './api';
import { agentTellings } from './agent-events';
import { tellings, type Names } from './events';
import { loadEverything } from './load';
import type { Printer } from './printer';
import type { Session } from './session';

/** Longest pause between tries to connect, ms: a person watches. */
const RECONNECT_MAX_MS = 3_000;
/** Pause before connecting again after the server itself closed the socket or refused it, ms. */
const REFUSED_PAUSE_MS = 1_000;
/** Longest wait for the answer to an event, ms. */
const ACKNOWLEDGE_LIMIT_MS = 10_000;

/** Codes with which the server says that this login is over. */
const LOGIN_IS_OVER = new Set(['session_ended', 'invalid_token']);

interface LiveParts {
  url: string;
  api: Api;
  session: Session;
  printer: Printer;
}

/** Connects, opens every dashboard, and tells what happens until `close`. */
export function watchLive({ url, api, session, printer }: LiveParts): { close(): void } {
  const replica = new Replica();
  const names: Names = new Map();
  const open = new Set<string>();
  let pause: NodeJS.Timeout | undefined;

  const socket: Socket = io(url, {
    transports: ['websocket'],
    reconnectionDelayMax: RECONNECT_MAX_MS,
    auth: (send) => {
      // Where no token can be had now, the server's refusal leads to the next try.
      session.accessToken().then(
        (token) => send({ token }),
        () => send({}),
      );
    },
  });

  async function ask<Answer extends object>(event: string, payload: object): Promise<Answer> {
    const answer = (await socket
      .timeout(ACKNOWLEDGE_LIMIT_MS)
      .emitWithAck(event, payload)) as Acknowledged<Answer>;
    if (!answer.ok) throw new Error(`${event}: ${answer.error.message}`);
    return answer;
  }

  /** Makes the replica the server's state, however long we were away. */
  async function catchUp(): Promise<void> {
    const answer = await ask<SyncAnswer>('sync', { cursor: replica.cursor ?? null });
    if (replica.applySync(answer)) {
      printer.note(`in sync: ${answer.changes.length} changes since the last time`);
    } else {
      for (const change of await loadEverything(api, await session.accessToken())) replica.apply(change);
      replica.applySync(await ask<SyncAnswer>('sync', { cursor: replica.cursor }));
      printer.note(
        `loaded ${replica.all('dashboard').length} dashboards, ${replica.all('widget').length} widgets`,
      );
    }
    await openDashboards();
  }

  async function openDashboards(): Promise<void> {
    for (const { id, name } of replica.all('dashboard')) {
      if (open.has(id)) continue;
      open.add(id);
      await ask('dashboard.open', { dashboardId: id });
      const { people } = await ask<{ people: PresencePerson[] }>('presence.list', { dashboardId: id });
      for (const person of people) names.set(person.userId, person.name);
      const here = people.map((person) => person.name).join(', ');
      printer.note(here ? `opened ${name}, where ${here} is already` : `opened ${name}`);
    }
  }

  const attempt = (work: () => Promise<void>) => () => {
    work().catch((error: unknown) => printer.note((error as Error).message, 'red'));
  };
  const connectSoon = () => {
    clearTimeout(pause);
    pause = setTimeout(() => socket.connect(), REFUSED_PAUSE_MS);
  };

  socket.on('connect', () => {
    open.clear();
    printer.note('connected');
    attempt(catchUp)();
  });
  socket.on('connect_error', (error: Error & { data?: { code?: string } }) => {
    printer.note(`no connection: ${error.message}`, 'red');
    if (LOGIN_IS_OVER.has(error.data?.code ?? '')) session.forget();
    // Refused by the server, rather than not reached: the client does not try again by itself.
    if (!socket.active) connectSoon();
  });
  socket.on('disconnect', (reason) => {
    if (reason === 'io client disconnect') return;
    printer.note(`connection lost: ${reason}`, 'red');
    if (!socket.active) connectSoon();
  });
  socket.on('sync.required', attempt(catchUp));
  socket.on('session.revoked', ({ reason }: ServerEvents['session.revoked']) => {
    printer.note(`this login was ended: ${reason}`, 'red');
    session.forget();
  });
  session.onRenewed((token) => {
    attempt(async () => {
      if (!socket.connected) return;
      await ask('auth.refresh', { token });
      printer.note('access token renewed');
    })();
  });
  const told = { ...tellings(replica, printer, names), ...agentTellings(replica, printer) };
  for (const [name, tell] of Object.entries(told)) {
    socket.on(name, (payload: unknown) => {
      tell(payload as never);
      replica.applyEvent(name as keyof ServerEvents, payload as never);
      if (name === 'dashboard.changed') attempt(openDashboards)();
    });
  }

  return {
    close() {
      clearTimeout(pause);
      socket.disconnect();
      session.close();
    },
  };
}
