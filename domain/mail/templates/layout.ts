import { escapeHtml } from '../../../lib/html';

/** What a mail says; text and HTML are both made of it. */
export interface Words {
  subject: string;
  /** Plain text; what is in it of people's own is escaped where it is laid out. */
  paragraphs: string[];
  action?: { label: string; url: string };
  /** Why this person gets this mail, and what to do where they did not expect it. */
  why: string;
}

export interface Message {
  subject: string;
  text: string;
  html: string;
}

const SIGNATURE = 'Liveboard';

/** No style sheet, no image, nothing loaded: it looks the same everywhere, and opening it tells nobody. */
export const layout = ({ subject, paragraphs, action, why }: Words): Message => ({
  subject,
  text: `${[
    ...paragraphs,
    ...(action ? [`${action.label}:\n${action.url}`] : []),
    `${SIGNATURE}\n${why}`,
  ].join('\n\n')}\n`,
  html: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>
<body style="margin:0;padding:24px;font-family:system-ui,sans-serif;font-size:16px;line-height:1.5">
<div style="max-width:36em;margin:0 auto">
${paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`).join('\n')}
${action ? button(action) : ''}
<p style="margin-top:32px;font-size:13px;color:#5b6672">${SIGNATURE}<br>${escapeHtml(why)}</p>
</div>
</body>
</html>
`,
});

const button = ({ label, url }: { label: string; url: string }): string => {
  const href = escapeHtml(url);
  return `<p><a href="${href}" style="display:inline-block;padding:10px 20px;border-radius:6px;background:#1f5fbf;color:#fff;text-decoration:none">${escapeHtml(label)}</a></p>
<p style="font-size:13px">Or copy this address into your browser:<br><a href="${href}">${href}</a></p>`;
};
