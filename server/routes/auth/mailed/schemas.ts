import { z } from 'zod';
import { newPassword } from '../schemas';

const email = z.email('is not an e-mail address').max(254);
/** Of the mailed link, what stands behind `#token=`. */
const token = z.string().min(1).max(200);

export const verifyEmailBody = z.strictObject({ token });
export const verifiedSchema = z.strictObject({ email: z.string() });
export const forgotPasswordBody = z.strictObject({ email });
export const resendBody = z.strictObject({
  email: email.optional().describe('Left out by somebody who is logged in and means their own.'),
});
export const resetPasswordBody = z.strictObject({ token, password: newPassword });
