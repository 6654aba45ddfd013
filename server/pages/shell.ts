import { escapeHtml } from '../../lib/html';

/** The look of all our own pages, as a file: their content security policy allows no style in a page. */
export const STYLESHEET = `
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 16px/1.5 system-ui, sans-serif;
  color: #1d2733; background: #eef1f5; }
main { width: min(22rem, 100% - 2rem); padding: 2rem; border-radius: 12px; background: #fff;
  box-shadow: 0 1px 3px rgb(0 0 0 / .15); box-sizing: border-box; }
h1 { margin: 0 0 1.25rem; font-size: 1.25rem; }
label { display: block; margin-bottom: 1rem; font-size: .875rem; }
input { display: block; width: 100%; box-sizing: border-box; margin-top: .25rem; padding: .5rem .625rem; font: inherit;
  border: 1px solid #a9b4c0; border-radius: 6px; background: transparent; color: inherit; }
button { padding: .5rem 1.25rem; font: inherit; border: 0; border-radius: 6px; background: #1f5fbf; color: #fff;
  cursor: pointer; }
input:focus-visible, button:focus-visible, a:focus-visible { outline: 2px solid #4a90e2; outline-offset: 2px; }
a { color: #1f5fbf; }
.actions { display: flex; align-items: center; justify-content: space-between; margin-top: 1.5rem; }
form ~ .message { margin: 1.5rem 0 0; }
.hint { margin: -.5rem 0 1rem; font-size: .8125rem; opacity: .75; }
.message { margin: 0 0 1rem; padding: .5rem .75rem; border-radius: 6px; background: #fde8e8; color: #8f1d1d; }
.message.good { background: #e3f4e6; color: #14532d; }
[hidden] { display: none; }
main:has(article) { width: min(48rem, 100% - 2rem); margin: 2rem 0; }
article { margin-top: 1.5rem; padding-top: 1rem; border-top: 1px solid #a9b4c0; }
article h2 { margin: 0 0 1rem; font-size: 1rem; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
@media (prefers-color-scheme: dark) {
  body { color: #dfe6ee; background: #12171d; }
  main { background: #1b222a; }
  a { color: #7fb2f5; }
  .message { background: #4a1d1d; color: #ffd9d9; }
  .message.good { background: #173d24; color: #c9f2d3; }
}
`;

interface Shell {
  title: string;
  /** HTML. */
  content: string;
  stylesheet: string;
  script?: string;
}

/** A page of ours. Nothing is in it but words: style and script are files of our own. */
export const htmlPage = ({ title, content, stylesheet, script }: Shell): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${stylesheet}">${script ? `\n<script src="${script}" defer></script>` : ''}
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${content}
</main>
</body>
</html>
`;
