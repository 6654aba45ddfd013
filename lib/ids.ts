import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';

/** A new primary key: UUIDv7 (RFC 9562), so that rows made together lie together in an index. */
export const newId = (): string => uuidv7();

/** SHA-256 of the text, hex. */
export const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
