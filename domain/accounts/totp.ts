import { generateSecret, generateURI, verifySync } from 'otplib';

/** Shown in the person's authenticator app beside the address. */
const ISSUER = 'liveboard';
/** A code of the step before or after is taken too, seconds: clocks differ, and typing takes time (RFC 6238, 5.2). */
const TOLERANCE_SECONDS = 30;

/** 160 random bits in base32. */
export const newTotpSecret = (): string => generateSecret();

/** What an authenticator app reads from a QR code. */
export const otpauthUrlOf = (secret: string, email: string): string =>
  generateURI({ issuer: ISSUER, label: email, secret });

/** The time step that this code of six digits is of; undefined where it is of none that is near. */
export function stepOf(code: string, secret: string): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const result = verifySync({ secret, token: code, epochTolerance: TOLERANCE_SECONDS });
  return result.valid && 'timeStep' in result ? result.timeStep : undefined;
}
