/** The request of an application that this browser is about to answer: what is still to be done for it, and its end. */
import type { InteractionResults, Provider } from 'oidc-provider';
import type { Context } from '../http.js';
import type { UserSession } from '../sessions.js';
import { epochSeconds, interactionCookie, mountPath } from './provider.js';
import type { SignIn } from './sign-in.js';

type Interaction = NonNullable<Awaited<ReturnType<Provider['interactionDetails']>>>;

export interface SignInRequest {
  interaction: Interaction;
  application: { id: string; name: string; firstParty: boolean };
  /** E-mail that the application believes it is about. */
  loginHint?: string;
}

export class SignInRequests {
  constructor(
    private readonly signIn: SignIn,
    private readonly secure: boolean,
  ) {}

  /** The newest request of this browser; none when it was answered or has expired, or its application was shut out. */
  async find(ctx: Context): Promise<SignInRequest | undefined> {
    const id = ctx.cookies.get(interactionCookie(this.secure));
    if (!id) return undefined;
    const { provider } = await this.signIn.load();
    const interaction = await provider.Interaction.find(id);
    // One that has its result is on its way back already.
    if (!interaction || interaction.result) return undefined;
    const { client_id, login_hint } = interaction.params;
    const client = await provider.Client.find(String(client_id));
    if (!client) return undefined;
    return {
      interaction,
      application: { id: client.clientId, name: client.clientName ?? '', firstParty: client.first_party === true },
      ...(typeof login_hint === 'string' ? { loginHint: login_hint } : {}),
    };
  }

  /** The same request from its beginning, as another prompt: "Create new account" on the login page. */
  restart({ interaction }: SignInRequest, prompt?: 'create'): string {
    const given: Record<string, unknown> = { ...interaction.params, ...(prompt ? { prompt } : {}) };
    const known = Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return `${mountPath}/auth?${new URLSearchParams(known)}`;
  }

  /** The person has logged in, for this request if it wants that. Returns the path to go on with. */
  async answerLogin(ctx: Context, request: SignInRequest, user: UserSession): Promise<string> {
    const { interaction } = request;
    const { provider } = await this.signIn.load();
    const begun = interaction.session && (await provider.Session.findByUid(interaction.session.uid));
    if (interaction.session && begun?.accountId !== user.userId) {
      // It began in the session of somebody else, or in one that has ended with the login.
      await begun?.destroy();
      interaction.session = undefined;
      this.dropCookie(ctx, provider.cookieName('session'));
    }
    const login = { accountId: user.userId, ts: epochSeconds(user.createdAt), remember: false };
    return this.answer(ctx, request, interaction.prompt.name === 'create' ? { create: {}, login } : { login });
  }

  /** The person allows the application what it asks for. */
  async answerConsent(ctx: Context, request: SignInRequest, user: UserSession): Promise<string> {
    const { interaction, application } = request;
    const { provider } = await this.signIn.load();
    const begun = interaction.session && (await provider.Session.findByUid(interaction.session.uid));
    if (begun?.accountId !== user.userId) return this.restart(request);
    const found = interaction.grantId ? await provider.Grant.find(interaction.grantId) : undefined;
    const grant = found ?? new provider.Grant({ clientId: application.id, accountId: user.userId });
    grant.addOIDCScope(missingScopes(request));
    return this.answer(ctx, request, { consent: { grantId: await grant.save() } });
  }

  answerRefusal(ctx: Context, request: SignInRequest): Promise<string> {
    return this.answer(ctx, request, { error: 'access_denied', error_description: 'the person did not allow it' });
  }

  private async answer(ctx: Context, { interaction }: SignInRequest, result: InteractionResults): Promise<string> {
    // What an earlier step of the same request said still counts, or it would be asked again.
    interaction.result = 'error' in result ? result : { ...interaction.lastSubmission, ...result };
    await interaction.persist();
    this.dropCookie(ctx, interactionCookie(this.secure));
    return new URL(interaction.returnTo).pathname;
  }

  private dropCookie(ctx: Context, name: string) {
    const { secure } = this;
    ctx.cookies.set(name, null, { httpOnly: true, secure, sameSite: 'lax', path: '/', overwrite: true });
  }
}

/** What the consent page lists. */
export const missingScopes = ({ interaction }: SignInRequest): string[] => {
  const { missingOIDCScope } = interaction.prompt.details;
  return Array.isArray(missingOIDCScope) ? missingOIDCScope : [];
};

/** Reasons for the login prompt that an earlier login answers. */
const answeredByAnyLogin = ['no_session', 'own_session', 'max_age'];

/** Whether the application insists on a login newer than the one there is (`prompt=login`, `max_age`, another person). */
export function needsNewLogin({ interaction }: SignInRequest, user: UserSession): boolean {
  const { prompt, params, iat } = interaction;
  if (prompt.name === 'consent') return false;
  const loggedInAt = epochSeconds(user.createdAt);
  const insists = prompt.name === 'login' && prompt.reasons.some((reason) => !answeredByAnyLogin.includes(reason));
  if (insists && loggedInAt < iat) return true;
  return params.max_age !== undefined && loggedInAt < iat - Number(params.max_age);
}

/** Whether somebody was logged in already when the application asked for a new account. */
export const isOlderThan = ({ interaction }: SignInRequest, user: UserSession): boolean =>
  epochSeconds(user.createdAt) < interaction.iat;
