import createFetchClient, { type Client } from 'openapi-fetch';
import type { paths } from './schema.js';

export interface ClientOptions {
  /** Address of the service, as in `PUBLIC_URL`. */
  url: string;
  /** From the Console's page "API keys". */
  apiKey: string;
}

/** The API as programs of the host platform see it: paths, parameters and answers are typed as the service describes them. */
export const createClient = ({ url, apiKey }: ClientOptions): Client<paths> =>
  createFetchClient<paths>({ baseUrl: url, headers: { authorization: `Bearer ${apiKey}` } });
