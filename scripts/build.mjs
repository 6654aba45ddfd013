// npm run build: packages and dist, both only where they are not up to date.
import { prepare } from './prepare.mjs';

await prepare();
