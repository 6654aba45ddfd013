/** A page that a library fills: its style, its script, and ours that starts it. */
const shell = (title: string, style: string, scripts: readonly string[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="/docs/favicon.png">
<link rel="stylesheet" href="${style}">
</head>
<body>
<div id="docs"></div>
<noscript>This page needs JavaScript. The document itself is at <a href="/api/v1/openapi.json">openapi.json</a>.</noscript>
${scripts.map((script) => `<script src="${script}"></script>`).join('\n')}
</body>
</html>
`;

export const SWAGGER_PAGE = shell('Liveboard API', '/docs/swagger-ui.css', [
  '/docs/swagger-ui-bundle.js',
  '/docs/start.js',
]);

export const REDOC_PAGE = shell('Liveboard API', '/redoc/page.css', ['/redoc/redoc.js', '/redoc/start.js']);
