import { openWebSocket, type WebSocketLink } from './websocket';

/** Packets of Engine.IO 4 with Socket.IO 5 inside, by their first bytes (socket.io-protocol, "Packet encoding"). */
const OPEN = '0'.charCodeAt(0);
const PING = '2'.charCodeAt(0);
const MESSAGE = '4'.charCodeAt(0);
const CONNECTED = '0'.charCodeAt(0);
const EVENT = '2'.charCodeAt(0);
const ACK = '3'.charCodeAt(0);

const PATH = '/socket.io/?EIO=4&transport=websocket';
/** Handshakes under way at once: more would be a storm, which is not what is measured here. */
const OPENING_AT_ONCE = 20;

export interface SocketClient {
  /** Sends an event; resolves with what it is acknowledged with. @throws Error where that is not ok */
  emit(event: string, payload: object): Promise<void>;
  close(): void;
}

/**
 * Connects a Socket.IO client and resolves once the server let it in.
 * @param onEvent is given each event as it came, `42["name",{...}]`, as bytes valid until it returns
 */
export async function connectSocket(
  port: number,
  token: string | undefined,
  onEvent: (packet: Buffer) => void,
): Promise<SocketClient> {
  let admit: () => void = () => undefined;
  let refuse: (reason: Error) => void = () => undefined;
  const admitted = new Promise<void>((resolve, reject) => {
    admit = resolve;
    refuse = reject;
  });
  // Refused before anyone waits for it: the await below hears of it all the same.
  admitted.catch(() => undefined);
  const waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  let lastId = 0;
  const acknowledged = (packet: string) => {
    const id = Number.parseInt(packet.slice(2), 10);
    const asked = waiting.get(id);
    waiting.delete(id);
    if (packet.includes('"ok":true')) asked?.resolve();
    else asked?.reject(new Error(`An event was refused: ${packet}`));
  };
  const link: Promise<WebSocketLink> = openWebSocket(
    port,
    PATH,
    (packet) => {
      if (packet[0] === MESSAGE && packet[1] === EVENT) onEvent(packet);
      else if (packet[0] === MESSAGE && packet[1] === ACK) acknowledged(packet.toString());
      else if (packet[0] === MESSAGE && packet[1] === CONNECTED) admit();
      else if (packet[0] === PING) void link.then(({ send }) => send('3'));
      else if (packet[0] !== OPEN) refuse(new Error(`A socket was refused: ${packet.toString()}`));
    },
    () => refuse(new Error('A socket was closed before it was let in.')),
  );
  const { send, close } = await link;
  send(token === undefined ? '40' : `40${JSON.stringify({ token })}`);
  await admitted;
  return {
    close,
    emit: (event, payload) =>
      new Promise((resolve, reject) => {
        waiting.set((lastId += 1), { resolve, reject });
        send(`42${lastId}${JSON.stringify([event, payload])}`);
      }),
  };
}

/** Connects many, a few at a time. @param open connects the nth */
export async function connectMany(
  count: number,
  open: (index: number) => Promise<SocketClient>,
): Promise<SocketClient[]> {
  const clients: SocketClient[] = [];
  let next = 0;
  const openInTurn = async () => {
    for (let index = next++; index < count; index = next++) clients.push(await open(index));
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, openInTurn));
  return clients;
}
