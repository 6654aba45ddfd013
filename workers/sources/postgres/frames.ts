/** The server sent something that PostgreSQL would not send to us. */
export class WireError extends Error {
  constructor(readonly reason: 'protocol' | 'too_large' | 'no_tls') {
    super(`The server's answer is not usable (${reason}).`);
    this.name = 'WireError';
  }
}

/** A message's type (one byte) and its length (four, which count themselves). */
const HEADER_BYTES = 5;
const LENGTH_BYTES = 4;

/**
 * Message types that belong to logging in and to the extended protocol of a SELECT (PostgreSQL manual, 54.7).
 * Left out: COPY in all its forms, which pg-cursor has no handler for (a TypeError in the socket's listener).
 */
const EXPECTED = new Set(Array.from('RSKZEN123ntTDCsIA', (letter) => letter.charCodeAt(0)));
const ERROR = 'E'.charCodeAt(0);
const NOTICE = 'N'.charCodeAt(0);

/**
 * Fields of an error or notice: (type byte, text, NUL)*, NUL. pg-protocol reads them until it meets the last
 * NUL and never ends where there is none: eleven bytes from a server would hang the process for good.
 */
function isFieldList(body: Buffer): boolean {
  let at = 0;
  while (at < body.length) {
    if (body[at] === 0) return at === body.length - 1;
    const end = body.indexOf(0, at + 1);
    if (end === -1) return false;
    at = end + 1;
  }
  return false;
}

/**
 * Cuts the server's bytes into whole messages and lets through only what the client library can take. A
 * source's server is whatever its user says it is: the library trusts its server, and we don't.
 */
export class FrameGuard {
  private pending: Buffer = Buffer.alloc(0);
  private chunks: Buffer[] = [];
  private chunkBytes = 0;
  private received = 0;
  private wanted = HEADER_BYTES;

  constructor(private readonly limits: { messageBytes: number; answerBytes: number }) {}

  /**
   * @returns the messages that are complete now, as one buffer (empty when none is)
   * @throws WireError
   */
  take(chunk: Buffer): Buffer {
    this.received += chunk.length;
    if (this.received > this.limits.answerBytes) throw new WireError('too_large');
    this.chunks.push(chunk);
    this.chunkBytes += chunk.length;
    // Joined only when a message is complete, so that one sent in many small pieces costs no more.
    if (this.chunkBytes < this.wanted) return Buffer.alloc(0);
    this.pending = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks);
    const end = this.checked();
    const whole = this.pending.subarray(0, end);
    const rest = this.pending.subarray(end);
    this.chunks = rest.length > 0 ? [rest] : [];
    this.chunkBytes = rest.length;
    return whole;
  }

  /** Where the last complete message ends; sets how many bytes the next one needs. */
  private checked(): number {
    let at = 0;
    for (;;) {
      this.wanted = HEADER_BYTES;
      if (this.pending.length - at < HEADER_BYTES) return at;
      const type = this.pending[at] ?? 0;
      const length = this.pending.readUInt32BE(at + 1);
      if (length < LENGTH_BYTES || !EXPECTED.has(type)) throw new WireError('protocol');
      if (length > this.limits.messageBytes) throw new WireError('too_large');
      this.wanted = 1 + length;
      const end = at + 1 + length;
      if (end > this.pending.length) return at;
      const body = this.pending.subarray(at + HEADER_BYTES, end);
      if ((type === ERROR || type === NOTICE) && !isFieldList(body)) throw new WireError('protocol');
      at = end;
    }
  }
}
