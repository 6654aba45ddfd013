import { Algorithm, hash, verify } from '@node-rs/argon2';
import { channel } from 'node:diagnostics_channel';

/** Argon2id with OWASP's first recommendation (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane. */
const ARGON2 = { algorithm: Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** What every hash of ours begins with; the version is Argon2's only current one. */
const CURRENT = `$argon2id$v=19$m=${ARGON2.memoryCost},t=${ARGON2.timeCost},p=${ARGON2.parallelism}$`;

export const hashPassword = (password: string): Promise<string> => hash(password, ARGON2);

/** What an unknown address is checked against, so that it takes as long as a known one. */
let decoy: Promise<string> | undefined;
const decoyHash = () => (decoy ??= hashPassword('nobody has this password'));

/** Told of each password before it is compared, which is what costs, for whoever traces; never which one. */
export const passwordChecks = channel('liveboard.password-check');

/** Whether the password is the one that was hashed; after the same work false where there is no hash. */
export async function isPassword(password: string, passwordHash: string | undefined): Promise<boolean> {
  passwordChecks.publish({});
  const isRight = await verify(passwordHash ?? (await decoyHash()), password);
  return isRight && passwordHash !== undefined;
}

/** Whether it was made with other parameters than today's: made anew when its password is next seen. */
export const isOutdated = (passwordHash: string): boolean => !passwordHash.startsWith(CURRENT);
