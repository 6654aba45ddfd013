/** By what their User-Agent says, the first that fits: Edge and Opera call themselves Chrome, and Chrome Safari. */
const PROGRAMS: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.*\bSafari\//, 'Safari'],
  [/\bcurl\//, 'curl'],
  [/\bpython-/i, 'A Python program'],
  [/^(node|undici)\b|\bnode-fetch\b|\baxios\b/i, 'A Node.js program'],
];
const SYSTEMS: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

const firstOf = (names: readonly [RegExp, string][], text: string): string | undefined =>
  names.find(([pattern]) => pattern.test(text))?.[1];

/** A device in words, so that people know which login is which: "Firefox on Windows". */
export function deviceOf(userAgent: string | null): string {
  const text = userAgent ?? '';
  const program = firstOf(PROGRAMS, text);
  const system = firstOf(SYSTEMS, text);
  if (program && system) return `${program} on ${system}`;
  return program ?? system ?? 'An unknown device';
}
