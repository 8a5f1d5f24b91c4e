/** Generated from the OpenAPI description by "npm run client"; changes by hand are lost. */
export interface paths {
  '/api/v1/users': {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    /** Users, in the order in which they changed */
    get: {
      parameters: { query?: { /** `next` of the page before */ 'after'?: string; /** At most 500; 100 unless given */ 'limit'?: string; /** Only what is new or has changed since then */ 'changedSince'?: string; /** Users of this customer */ 'customerId'?: string; /** Users of this partner */ 'partnerId'?: string; /** The user with exactly this address */ 'email'?: string; }; header?: never; path?: never; cookie?: never; };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { 'application/json': { items: ({ id: string; email: string; givenName: string; familyName: string; phone: string | null; language: string; timeZone: string; customerId: string | null; partnerId: string | null; userType: { id: string; name: string; permissions: (string)[]; }; disabledAt: string | null; createdAt: string; changedAt: string; })[]; next: string | null; }; } };
        304: { headers: { [name: string]: unknown }; content?: never };
        default: { headers: { [name: string]: unknown }; content: { 'application/problem+json': components['schemas']['Problem']; } };
      };
    };
  };
  '/api/v1/users/{id}': {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    /** A user by its id */
    get: {
      parameters: { query?: never; header?: never; path: { 'id': string; }; cookie?: never; };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { 'application/json': { id: string; email: string; givenName: string; familyName: string; phone: string | null; language: string; timeZone: string; customerId: string | null; partnerId: string | null; userType: { id: string; name: string; permissions: (string)[]; }; disabledAt: string | null; createdAt: string; changedAt: string; }; } };
        304: { headers: { [name: string]: unknown }; content?: never };
        default: { headers: { [name: string]: unknown }; content: { 'application/problem+json': components['schemas']['Problem']; } };
      };
    };
  };
  '/api/v1/customers': {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    /** Customers, in the order in which they changed */
    get: {
      parameters: { query?: { /** `next` of the page before */ 'after'?: string; /** At most 500; 100 unless given */ 'limit'?: string; /** Only what is new or has changed since then */ 'changedSince'?: string; }; header?: never; path?: never; cookie?: never; };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { 'application/json': { items: ({ id: string; name: string; street: string | null; postalCode: string | null; city: string | null; country: string | null; vatNumber: string | null; createdAt: string; changedAt: string; })[]; next: string | null; }; } };
        304: { headers: { [name: string]: unknown }; content?: never };
        default: { headers: { [name: string]: unknown }; content: { 'application/problem+json': components['schemas']['Problem']; } };
      };
    };
  };
  '/api/v1/customers/{id}': {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    /** A customer by its id */
    get: {
      parameters: { query?: never; header?: never; path: { 'id': string; }; cookie?: never; };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { 'application/json': { id: string; name: string; street: string | null; postalCode: string | null; city: string | null; country: string | null; vatNumber: string | null; createdAt: string; changedAt: string; }; } };
        304: { headers: { [name: string]: unknown }; content?: never };
        default: { headers: { [name: string]: unknown }; content: { 'application/problem+json': components['schemas']['Problem']; } };
      };
    };
  };
  '/api/v1/partners': {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    /** Partners, in the order in which they changed */
    get: {
      parameters: { query?: { /** `next` of the page before */ 'after'?: string; /** At most 500; 100 unless given */ 'limit'?: string; /** Only what is new or has changed since then */ 'changedSince'?: string; }; header?: never; path?: never; cookie?: never; };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { 'application/json': { items: ({ id: string; name: string; street: string | null; postalCode: string | null; city: string | null; country: string | null; vatNumber: string | null; parentId: string | null; externalId: string | null; origin: "console" | "provider" | "registration"; disabledAt: string | null; createdAt: string; changedAt: string; })[]; next: string | null; }; } };
        304: { headers: { [name: string]: unknown }; content?: never };
        default: { headers: { [name: string]: unknown }; content: { 'application/problem+json': components['schemas']['Problem']; } };
      };
    };
  };
  '/api/v1/partners/{id}': {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    /** A partner by its id */
    get: {
      parameters: { query?: never; header?: never; path: { 'id': string; }; cookie?: never; };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { 'application/json': { id: string; name: string; street: string | null; postalCode: string | null; city: string | null; country: string | null; vatNumber: string | null; parentId: string | null; externalId: string | null; origin: "console" | "provider" | "registration"; disabledAt: string | null; createdAt: string; changedAt: string; }; } };
        304: { headers: { [name: string]: unknown }; content?: never };
        default: { headers: { [name: string]: unknown }; content: { 'application/problem+json': components['schemas']['Problem']; } };
      };
    };
  };
  '/api/v1/registrations/{reference}': {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    /** A registration by its reference, as webhooks name it */
    get: {
      parameters: { query?: never; header?: never; path: { 'reference': string; }; cookie?: never; };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { 'application/json': { reference: string; kind: string; email: string | null; state: string; startedAt: string; provenAt: string | null; expiresAt: string; endedAt: string | null; userId: string | null; }; } };
        304: { headers: { [name: string]: unknown }; content?: never };
        default: { headers: { [name: string]: unknown }; content: { 'application/problem+json': components['schemas']['Problem']; } };
      };
    };
  };
  '/api/v1/users/{id}/pending-agreements': {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    /** What a user still has to accept, which they are asked for at their next login */
    get: {
      parameters: { query?: never; header?: never; path: { 'id': string; }; cookie?: never; };
      requestBody?: never;
      responses: {
        200: { headers: { [name: string]: unknown }; content: { 'application/json': { items: ({ versionId: string; document: "terms" | "privacy"; version: number; language: string; title: string; })[]; }; } };
        304: { headers: { [name: string]: unknown }; content?: never };
        default: { headers: { [name: string]: unknown }; content: { 'application/problem+json': components['schemas']['Problem']; } };
      };
    };
  };
}
export interface components {
  schemas: {
    Problem: { type: "about:blank"; title: string; status: number; code: string; requestId: string; fields?: { [key: string]: string }; state?: string; allowed?: (string)[]; };
  };
}
