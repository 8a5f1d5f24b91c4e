import type { Route } from '../../http.js';
import { staffRealm } from '../../second-factor/realm.js';
import { factorLoginRoutes } from '../second-factor/login.js';
import { factorSettingsRoutes } from '../second-factor/settings.js';
import type { Wiring } from '../wiring.js';
import { agreementRoutes } from './agreements.js';
import { apiKeyRoutes } from './api-keys.js';
import { applicationRoutes } from './applications.js';
import { auditRoutes } from './audit.js';
import { batchRoutes } from './batches.js';
import { doorRoutes } from './door.js';
import { onboardingRoutes } from './onboarding.js';
import { overviewRoutes } from './overview.js';
import { partnerCodeRoutes } from './partner-codes.js';
import { partnerRoutes } from './partners.js';
import { providerRoutes } from './provider.js';
import { registrationActionRoutes } from './registration-actions.js';
import { registrationRoutes } from './registrations.js';
import { staffRoutes } from './staff.js';
import { userTypeRoutes } from './user-types.js';
import { userRoutes } from './users.js';
import { webhookRoutes } from './webhooks.js';

/** The Console, area by area. */
export const consoleRoutes = (wiring: Wiring): Route[] => [
  ...doorRoutes(wiring),
  ...factorLoginRoutes(wiring, staffRealm),
  ...factorSettingsRoutes(wiring, staffRealm),
  ...overviewRoutes(wiring),
  ...registrationRoutes(wiring),
  ...registrationActionRoutes(wiring),
  ...batchRoutes(wiring),
  ...onboardingRoutes(wiring),
  ...userTypeRoutes(wiring),
  ...userRoutes(wiring),
  ...agreementRoutes(wiring),
  ...partnerRoutes(wiring),
  ...partnerCodeRoutes(wiring),
  ...providerRoutes(wiring),
  ...webhookRoutes(wiring),
  ...apiKeyRoutes(wiring),
  ...applicationRoutes(wiring),
  ...staffRoutes(wiring),
  ...auditRoutes(wiring),
];
