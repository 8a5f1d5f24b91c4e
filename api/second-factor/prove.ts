import { notePasskeyUse } from '../../db/passkeys.js';
import { spendRecoveryCode } from '../../db/recovery-codes.js';
import { confirmedTotp, useTotpStep } from '../../db/totp-secrets.js';
import { RequestError } from '../errors.js';
import type { Context } from '../http.js';
import { handNotice } from '../outbox.js';
import type { Services } from '../registrations.js';
import { proveSecondFactor } from '../sessions.js';
import { tellOwner } from './notices.js';
import { type FactorSession, ownerName, type Realm } from './realm.js';
import { isTotpCode, totpStep } from './totp.js';
import { readAuthentication } from './webauthn.js';

/** What proving needs besides the services. */
export interface ProofSetting {
  services: Services;
  publicUrl: string;
  secure: boolean;
}

/**
 * Takes a code of the authenticator app or a recovery code as the second factor: the session is open from then on, under
 * a new token. One answer for every code that does not work.
 */
export async function proveByCode(
  setting: ProofSetting,
  ctx: Context,
  realm: Realm,
  session: FactorSession,
  typed: string,
): Promise<void> {
  const { limits } = setting.services;
  await countTry(setting.services, ctx, session, isTotpCode(typed));
  const works = isTotpCode(typed)
    ? await useAppCode(setting.services, session, typed)
    : await useRecoveryCode(setting, ctx, session, typed);
  if (!works) throw new RequestError('secondFactorFailed');
  await limits.forget('secondFactorsPerAccount', tryOf(ctx, session));
  await openSession(setting, ctx, realm, session);
}

/** The same by a passkey: what the browser says that it signed. */
export async function proveByPasskey(
  setting: ProofSetting,
  ctx: Context,
  realm: Realm,
  session: FactorSession,
  answer: string,
): Promise<void> {
  const { services, publicUrl } = setting;
  await countTry(services, ctx, session, false);
  const signed = await readAuthentication(services, publicUrl, session, answer);
  const works = signed && (await notePasskeyUse(services.db, signed.passkey, signed.counter));
  if (!works) throw new RequestError('passkeyRefused');
  await services.limits.forget('secondFactorsPerAccount', tryOf(ctx, session));
  await openSession(setting, ctx, realm, session);
}

/** Puts the session in force once the factor is proven, and hands the browser its new token. */
export async function openSession(
  { services: { db }, secure }: ProofSetting,
  ctx: Context,
  realm: Realm,
  session: FactorSession,
): Promise<void> {
  const token = await proveSecondFactor(db, realm.table, session.tokenHash);
  if (!token) throw new RequestError('unauthenticated');
  realm.setCookie(ctx, token, secure);
}

/**
 * Counted by session, and by account and source together, so that nobody elsewhere keeps the owner out. Codes of an app are
 * few enough to be guessed by many sources at once, so these are counted overall as well; recovery codes and passkeys,
 * which cannot be guessed, open the account all the while.
 */
export async function countTry({ limits }: Services, ctx: Context, session: FactorSession, canBeGuessed: boolean) {
  await limits.consume('secondFactorsPerSession', session.tokenHash.toString('hex'));
  await limits.consume('secondFactorsPerAccount', tryOf(ctx, session));
  if (canBeGuessed) await limits.consume('secondFactorsPerAccountOverall', ownerName(session));
}

const tryOf = (ctx: Context, session: FactorSession) => `${ownerName(session)} ${ctx.state.source}`;

async function useAppCode({ db, keys }: Services, { owner }: FactorSession, typed: string): Promise<boolean> {
  const totp = await confirmedTotp(db, keys, owner);
  const step = totp && totpStep(totp.secret, typed);
  return totp !== undefined && step !== undefined && useTotpStep(db, keys, owner, totp, step);
}

/** A recovery code in somebody else's hands is the owner's to know at once. */
async function useRecoveryCode(
  { services, publicUrl }: ProofSetting,
  ctx: Context,
  { owner, email }: FactorSession,
  typed: string,
): Promise<boolean> {
  const { db, keys } = services;
  const noticeId = await db.transaction(async (trx) => {
    const left = await spendRecoveryCode(trx, keys, owner, typed);
    const told = { email, language: ctx.state.language, mailDomain: new URL(publicUrl).hostname };
    return left === undefined ? undefined : tellOwner(trx, keys, 'recovery-code-used', told, { left: String(left) });
  });
  if (noticeId) await handNotice(services, noticeId);
  return noticeId !== undefined;
}
