import type { Route } from '../../http.js';
import type { Wiring } from '../wiring.js';
import { companyRoutes } from './company.js';
import { organisationUserApi } from './user-api.js';
import { organisationUserRoutes } from './users.js';

/** The organisation of the signed-in user, and its people. */
export const organisationRoutes = (wiring: Wiring): Route[] => [
  ...companyRoutes(wiring),
  ...organisationUserRoutes(wiring),
  ...organisationUserApi(wiring),
];
