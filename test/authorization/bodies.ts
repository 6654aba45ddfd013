const BODIES: Readonly<Record<string, () => object>> = {};

/** What a route does something with, where the smallest body that its schema takes is refused for what it says. */
export const bodyFor = (name: string): object | undefined => BODIES[name]?.();
