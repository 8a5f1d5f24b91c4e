import type { Middleware } from 'koa';
import mount from 'koa-mount';
import type { Provider } from 'oidc-provider';
import type { Logger } from '../../db/log.js';
import { loadSigningKeys } from '../../db/signing-keys.js';
import { createProvider, mountPath, type ProviderOptions } from './provider.js';

/** Milliseconds after which the keys are looked at again: a new one is published a day before it signs. */
const keysLifetime = 60_000;

interface Loaded {
  provider: Provider;
  /** The provider as a part of this application. */
  mounted: Middleware;
  kids: string;
  at: number;
}

/**
 * The OpenID provider with the keys of this moment. It takes its keys once and for all, so with other keys it is another
 * one; whatever must last is in PostgreSQL. The database is first asked when somebody wants to sign in.
 */
export class SignIn {
  private loading?: Promise<Loaded>;
  private loaded?: Loaded;

  constructor(private readonly options: ProviderOptions & { log: Logger }) {}

  async load(): Promise<Loaded> {
    if (this.loaded && Date.now() - this.loaded.at < keysLifetime) return this.loaded;
    this.loading ??= this.loadAnew().finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  private async loadAnew(): Promise<Loaded> {
    const { db, keys, log } = this.options;
    const signingKeys = await loadSigningKeys(db, keys, log);
    const kids = signingKeys.map(({ kid }) => kid).join();
    const at = Date.now();
    if (this.loaded?.kids === kids) this.loaded = { ...this.loaded, at };
    else {
      const provider = createProvider(this.options, signingKeys);
      provider.on('server_error', (ctx, error) => ctx.state.log.error({ err: error }, 'unexpected error'));
      this.loaded = { provider, mounted: mount(mountPath, provider), kids, at };
    }
    return this.loaded;
  }
}
