import type { ServerContext } from '../context';
import type { Route } from '../http/route';
import { agentRoutes } from './agents';
import { apiKeyRoutes } from './api-keys';
import { auditRoutes } from './audit-events';
import { authRoutes } from './auth';
import { mailedRoutes } from './auth/mailed';
import { budgetRoutes } from './budgets';
import { businessRoutes } from './businesses';
import { chatRoutes } from './chat';
import { connectionRoutes } from './connections';
import { conversationRoutes } from './conversations';
import { dashboardRoutes } from './dashboards';
import { invitationRoutes } from './invitations';
import { memberRoutes } from './members';
import { modelRoutes } from './models';
import { notificationRoutes } from './notifications';
import { preferencesRoutes } from './preferences';
import { providerRoutes } from './providers';
import { rateLimitRoutes } from './rate-limit';
import { reportRoutes } from './reports';
import { runRoutes } from './runs';
import { themeRoutes } from './themes';
import { usageRoutes } from './usage';
import { userRoutes } from './users';
import { widgetRoutes } from './widgets';

/** Every route of the API. OpenAPI is made from the same list. */
export const apiRoutes = (context: ServerContext): Route[] => [
  ...authRoutes(context),
  ...mailedRoutes(context),
  ...businessRoutes(context),
  ...memberRoutes(context),
  ...userRoutes(context),
  ...invitationRoutes(context),
  ...apiKeyRoutes(context),
  ...auditRoutes(context),
  ...widgetRoutes(context),
  ...connectionRoutes(context),
  ...dashboardRoutes(context),
  ...themeRoutes(context),
  ...preferencesRoutes(context),
  ...notificationRoutes(context),
  ...agentRoutes(context),
  ...modelRoutes(context),
  ...providerRoutes(context),
  ...chatRoutes(context),
  ...conversationRoutes(context),
  ...runRoutes(context),
  ...reportRoutes(context),
  ...usageRoutes(context),
  ...budgetRoutes(context),
  ...rateLimitRoutes(context),
];
