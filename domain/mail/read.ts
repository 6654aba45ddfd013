import type { Database } from '../../db/database';
import { systemStatement, type Statement } from '../../db/scope';
import type { MailTemplate } from './queue-mail';

/** What the words of a mail are made of. Dates are when something runs out or happened. */
export interface MailFacts {
  id: string;
  template: MailTemplate;
  recipient: string;
  createdAt: Date;
  /** The row that the link is made of. */
  subjectId: string | null;
  /** When the link runs out. */
  expiresAt: Date | null;
  /** The person it is about, where there is one. */
  userName: string | null;
  lockedUntil: Date | null;
  businessName: string | null;
  inviterName: string | null;
  role: string | null;
  /** Its link is open, and what it tells of still holds. */
  isWanted: boolean;
}

const FACTS = `
  m.id, m.template, m.recipient, m.created_at as "createdAt", m.subject_id as "subjectId",
  coalesce(t.expires_at, i.expires_at) as "expiresAt", u.name as "userName", f.locked_until as "lockedUntil",
  b.name as "businessName", inviter.name as "inviterName", i.role,
  case m.template
    when 'invitation' then i.accepted_at is null and i.expires_at > now()
    when 'verify_email' then t.used_at is null and t.expires_at > now() and u.email_verified_at is null
    when 'reset_password' then t.used_at is null and t.expires_at > now()
    else true end is true as "isWanted"`;

const FROM = `
  mails m left join users u on u.id = m.user_id
  left join link_tokens t on t.id = m.subject_id and t.purpose = m.template
  left join invitations i on m.template = 'invitation' and i.id = m.subject_id
  left join businesses b on b.id = coalesce(i.business_id, m.business_id)
  left join users inviter on inviter.id = i.invited_by
  left join login_failures f on m.template = 'account_locked'
    and f.address_hash = sha256(convert_to(lower(u.email), 'UTF8'))`;

/** {@link MailFacts} of one mail. */
export const READ: Statement = { name: 'mail-read', text: `select ${FACTS} from ${FROM} where m.id = $1` };

const KEPT: Statement = {
  name: 'mail-kept',
  text: `select ${FACTS} from ${FROM} where m.status = 'kept' order by m.created_at desc, m.id desc limit $1`,
};

/** The newest mails of the local mailbox. Across tenants: on a developer's machine they are all the developer's. */
export const keptMails = (db: Database, limit: number): Promise<MailFacts[]> =>
  systemStatement<MailFacts & object>(db, KEPT, [limit]);
