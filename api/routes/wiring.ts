import type { Client } from '@temporalio/client';
import type { Services } from '../registrations.js';
import type { SignIn } from '../sign-in/sign-in.js';

/** What routes are made from, besides the services. */
export interface Wiring {
  services: Services;
  client: Client;
  /** The OpenID provider. */
  signIn: SignIn;
  publicUrl: string;
  /** Applications may be on this very machine, over http. */
  isDevelopment: boolean;
  /** Cookies over TLS. */
  secure: boolean;
  /** Of the deployment: where a Partner Provider may be (security.md F1). */
  providerOrigins: string[];
  /** The same for webhooks. */
  webhookOrigins: string[];
  /** Of the development mail catcher. */
  inboxUrl?: string;
  temporalUiUrl?: string;
}
