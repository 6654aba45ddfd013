// npm start: everything an empty clone needs, then the app in this same process, so that signals and the
// exit code are the app's own.
import { runEntry } from './run.mjs';

await runEntry('start');
