/** In the config of the widgets that the simulated shop pushes to: how it finds them. */
export const PUSHED_BY = 'demo-store';
