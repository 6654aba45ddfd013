import { generateSync } from 'otplib';

const PERIOD_SECONDS = 30;

/** What an authenticator app shows; `steps` later or earlier, as if its clock were wrong or time had passed. */
export const totpCode = (secret: string, steps = 0): string =>
  generateSync({ secret, epoch: Math.floor(Date.now() / 1000) + steps * PERIOD_SECONDS });
