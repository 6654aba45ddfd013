export interface HttpLimits {
  /** All of it, ms: look-ups, redirects, first byte and last. With 5 s for `select` it is a source's 15 s. */
  totalMs: number;
  /** Largest answer, bytes, as it comes over the wire and again after decompression. */
  responseBytes: number;
  /** Redirects followed. */
  redirects: number;
}

export const HTTP_LIMITS: HttpLimits = {
  totalMs: 10_000,
  responseBytes: 2_000_000,
  redirects: 3,
};
