import { type Adapter, type AdapterPayload, type ClientMetadata, errors, Provider } from 'oidc-provider';
import { z } from 'zod';
import { type Application, findApplication } from '../../db/applications.js';
import type { Database } from '../../db/connection.js';
import type { SecretKeys } from '../../db/secret-keys.js';
import {
  consumeRecord,
  deleteRecord,
  deleteRecordsOfGrant,
  findRecord,
  recordHash,
  saveRecord,
} from '../../db/sign-in-records.js';
import type { RequestState } from '../http.js';

export interface AdapterOptions {
  db: Database;
  keys: SecretKeys;
}

/** Where the OpenID provider keeps what it wants to find again: one adapter a model. */
export const createAdapter = (model: string, options: AdapterOptions): Adapter =>
  model === 'Client' ? applicationAdapter(options) : recordAdapter(model, options);

function recordAdapter(model: string, { db, keys }: AdapterOptions): Adapter {
  const purpose = `sign-in-${model}`;

  async function find(by: Parameters<typeof findRecord>[2]): Promise<AdapterPayload | undefined> {
    const record = await findRecord(db, model, by);
    if (!record) return undefined;
    let payload: AdapterPayload;
    try {
      payload = JSON.parse(keys.unseal(purpose, record.sealed_payload));
    } catch {
      // Its secret key was taken out of SECRET_KEYS: people sign in anew.
      return undefined;
    }
    const { consumed_at: consumed } = record;
    return consumed ? { ...payload, consumed: Math.floor(consumed.getTime() / 1_000) } : payload;
  }

  return {
    find: (id) => find({ id_hash: recordHash(id) }),
    findByUid: (uid) => find({ uid_hash: recordHash(uid) }),
    findByUserCode: async () => undefined,
    upsert: async (id, payload, lifetimeSeconds = 0) => {
      const params = payload.params as { client_id?: string } | undefined;
      const session = payload.session as { accountId?: string } | undefined;
      // The provider's session ends with the one here, which PostgreSQL sees to.
      const state = Provider.ctx?.state as Partial<RequestState> | undefined;
      const record = {
        model,
        id_hash: recordHash(id),
        sealed_payload: keys.seal(purpose, JSON.stringify(payload)),
        user_id: payload.accountId ?? session?.accountId ?? null,
        application_id: payload.clientId ?? params?.client_id ?? null,
        session_hash: (model === 'Session' && state?.user?.tokenHash) || null,
        grant_hash: payload.grantId ? recordHash(payload.grantId) : null,
        uid_hash: payload.uid ? recordHash(payload.uid) : null,
      };
      await saveRecord(db, record, lifetimeSeconds);
    },
    consume: async (id) => {
      // The provider has looked already; of two requests with the same code that looked at once, one gets on.
      if (!(await consumeRecord(db, model, recordHash(id)))) throw new errors.InvalidGrant('already used');
    },
    destroy: (id) => deleteRecord(db, model, recordHash(id)),
    revokeByGrantId: (grantId) => deleteRecordsOfGrant(db, model, recordHash(grantId)),
  };
}

/** Applications are made and changed in the Console, never by the provider. */
function applicationAdapter({ db }: AdapterOptions): Adapter {
  const never = async () => {
    throw new Error('the provider changes no application');
  };
  return {
    find: async (id) => {
      if (!z.uuid().safeParse(id).success) return undefined;
      const application = await findApplication(db, id);
      return application && !application.disabled_at ? presentClient(application) : undefined;
    },
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    upsert: never,
    consume: never,
    destroy: never,
    revokeByGrantId: never,
  };
}

function presentClient(application: Application): ClientMetadata {
  const { id, name, secret_hash, redirect_uris, post_logout_redirect_uris, first_party } = application;
  return {
    client_id: id,
    client_name: name,
    redirect_uris,
    post_logout_redirect_uris,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    // The hash stands for the secret, which is nowhere; `compareClientSecret` hashes what is presented.
    ...(secret_hash ? { client_secret: secret_hash.toString('base64url') } : {}),
    token_endpoint_auth_method: secret_hash ? 'client_secret_basic' : 'none',
    first_party,
  };
}
