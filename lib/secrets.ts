import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A key of 32 bytes from whatever text the operator chose (HKDF-SHA-256, RFC 5869). */
const deriveKey = (text: string): Buffer =>
  Buffer.from(hkdfSync('sha256', text, 'liveboard', 'secrets at rest', 32));

/**
 * Encrypts with AES-256-GCM under the newest key.
 * @param keys newest first (ENCRYPTION_KEYS)
 * @param context bound into the tag, so that a ciphertext copied to another row does not open there
 */
export function seal(plaintext: string, keys: readonly string[], context: string): string {
  const newest = keys[0];
  if (!newest) throw new Error('No encryption key is configured.');
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', deriveKey(newest), nonce).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return `${VERSION}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')}`;
}

/**
 * Decrypts what {@link seal} made, trying each key.
 * @throws Error where no key opens it (wrong key, wrong context, damaged text)
 */
export function unseal(sealed: string, keys: readonly string[], context: string): string {
  const [version, encoded] = sealed.split('.', 2);
  if (version !== VERSION || !encoded) throw new Error('The stored secret is not in a known format.');
  const bytes = Buffer.from(encoded, 'base64url');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  for (const key of keys) {
    try {
      const decipher = createDecipheriv('aes-256-gcm', deriveKey(key), nonce).setAAD(Buffer.from(context));
      decipher.setAuthTag(tag);
      return (
        decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      );
    } catch {
      // The next key may be the one it was sealed with.
    }
  }
  throw new Error('None of the encryption keys opens this secret.');
}
