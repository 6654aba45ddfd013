import type { ServerContext } from '../context';
import type { Route } from '../http/route';
import { authRoutes } from './auth';
import { chatRoutes } from './chat';
import { connectionRoutes } from './connections';
import { conversationRoutes } from './conversations';
import { dashboardRoutes } from './dashboards';
import { notificationRoutes } from './notifications';
import { reportRoutes } from './reports';
import { runRoutes } from './runs';
import { widgetRoutes } from './widgets';

/** Every route of the API. OpenAPI is made from the same list. */
export const apiRoutes = (context: ServerContext): Route[] => [
  ...authRoutes(context),
  ...widgetRoutes(context),
  ...connectionRoutes(context),
  ...dashboardRoutes(context),
  ...notificationRoutes(context),
  ...chatRoutes(context),
  ...conversationRoutes(context),
  ...runRoutes(context),
  ...reportRoutes(context),
];
