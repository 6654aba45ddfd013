import { linkTokenOf, type LinkPurpose } from '../accounts/link-tokens';
import type { MailFacts } from './read';
import { TEMPLATES } from './templates';
import { layout, type Message } from './templates/layout';

export interface Linking {
  /** What links begin with; see lib/public-url. */
  publicUrl: string;
  /** JWT_SECRET, newest first. */
  secrets: readonly string[];
}

/** The page that each link leads to (server/pages). */
const PAGES: Partial<Record<MailFacts['template'], { path: string; purpose: LinkPurpose }>> = {
  verify_email: { path: '/account/verify-email', purpose: 'verify_email' },
  reset_password: { path: '/account/reset-password', purpose: 'reset_password' },
  invitation: { path: '/account/accept-invitation', purpose: 'invitation' },
};

/** A mail's words, as text and as HTML. The same row gives the same words, however often it is made. */
export function composeMail(facts: MailFacts, linking: Linking): Message {
  return layout(TEMPLATES[facts.template](facts, urlOf(facts, linking)));
}

/** The token is behind the `#`: browsers send that to no server, so no log and no Referer has it. */
function urlOf({ template, subjectId }: MailFacts, { publicUrl, secrets }: Linking): string {
  const page = PAGES[template];
  if (!page || !subjectId) return publicUrl;
  return `${publicUrl}${page.path}#token=${linkTokenOf(page.purpose, subjectId, secrets)}`;
}
