/**
 * The `code` of an error of Node's (`ECONNREFUSED`), or ''. Looks at the property and not at the class: an error
 * from another realm (`vm`, a test runner's sandbox) is no `instanceof` our Error.
 */
export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
