/** Hexadecimal digits of an id that an ETag shows: 48 bits are at most 15 decimal digits. */
const DIGITS = 12;

/**
 * The ETag of a row whose address names no id: what is kept from one person or business must not pass for another's
 * of the same version. Begins with the version, as If-Match takes it.
 */
export const etagOf = ({ id, version }: { id: string; version: number }): string =>
  `${version}-${Number.parseInt(id.replaceAll('-', '').slice(-DIGITS), 16)}`;
