import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { RequestState } from '../http.js';

const { Check, Prompt, base } = interactionPolicy;

/**
 * When a person is asked something before going on to the application: "Create new account" where the application wants
 * it, the login, and the consent.
 */
export function createPolicy(): interactionPolicy.Prompt[] {
  const policy = base();
  policy
    .get('login')
    ?.checks.add(new Check(ownSession, 'there is no usable session here', 'login_required', lacksSession));
  policy.add(new Prompt({ name: 'create', requestable: true }), 0);
  return policy;
}

export const ownSession = 'own_session';

/** The provider's session is worth nothing without the one here, nor before all steps of the login are done. */
function lacksSession(ctx: KoaContextWithOIDC): boolean {
  const { user } = ctx.state as RequestState;
  return !user || user.userId !== ctx.oidc.session?.accountId || user.pending.length > 0;
}
