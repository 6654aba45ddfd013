import type { ServerContext } from '../../context';
import type { Route } from '../../http/route';
import { loginRoutes } from './login';
import { passwordRoutes } from './password';
import { registerRoutes } from './register';
import { sessionRoutes } from './sessions';
import { tokenRoutes } from './refresh';
import { twoFactorRoutes } from './two-factor';

/** `/auth`: registering, logging in and out, second factors, and keeping a session (product.md). */
export const authRoutes = (context: ServerContext): Route[] => [
  ...registerRoutes(context),
  ...loginRoutes(context),
  ...tokenRoutes(context),
  ...sessionRoutes(context),
  ...passwordRoutes(context),
  ...twoFactorRoutes(context),
];
