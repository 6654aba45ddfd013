/** Starts Swagger UI. No validator: it would send the document to somebody else's server. */
export const SWAGGER_SCRIPT = `window.ui = SwaggerUIBundle({
  url: '/api/v1/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  filter: true,
  tryItOutEnabled: true,
  docExpansion: 'none',
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
`;

/** Starts ReDoc. */
export const REDOC_SCRIPT = `Redoc.init('/api/v1/openapi.json', {
  expandResponses: '200,201,202',
  nativeScrollbars: true,
}, document.getElementById('docs'));
`;

/** The look of the realtime protocol's page, as a file: the content security policy allows no style in a page. */
export const REALTIME_STYLE = `
:root { color-scheme: light dark; --line: #d5dbe3; --soft: #f2f5f9; --ink: #1d2733; --quiet: #5b6876; --link: #1f5fbf; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: #fff; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { margin: 0 0 .5rem; font-size: 1.75rem; }
h2 { margin: 2.5rem 0 .75rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); font-size: 1.25rem; }
h3 { margin: 2rem 0 .25rem; font: 600 1rem ui-monospace, monospace; }
h4 { margin: .75rem 0 .25rem; font-size: .8125rem; color: var(--quiet); }
p { margin: .25rem 0 .75rem; }
a { color: var(--link); }
.quiet { color: var(--quiet); font-size: .875rem; }
nav ul { columns: 3 14rem; padding: 0; list-style: none; font: .875rem/1.7 ui-monospace, monospace; }
dt { margin-top: .75rem; font-weight: 600; }
dd { margin: 0; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
th, td { padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
code, td:first-child { font-family: ui-monospace, monospace; }
pre { margin: 0; padding: .75rem 1rem; border-radius: 8px; background: var(--soft); overflow-x: auto;
  font: .8125rem/1.5 ui-monospace, monospace; }
@media (prefers-color-scheme: dark) {
  :root { --line: #2c3743; --soft: #1b222a; --ink: #dfe6ee; --quiet: #93a1b0; --link: #7fb2f5; }
  body { background: #12171d; }
}
`;
