/** The WebAuthn ceremonies: what a browser is asked, and whether its answer holds. */
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { z } from 'zod';
import { keepChallenge, type Passkey, passkeysOf, takeChallenge } from '../../db/passkeys.js';
import { ownerKey } from '../../db/second-factors.js';
import type { Services } from '../registrations.js';
import type { FactorSession } from './realm.js';

/** Milliseconds; as long as a challenge is kept. */
const timeout = 300_000;
/** Bytes; an attestation with certificates has a few thousand. */
const longestAnswer = 20_000;

const base64url = z
  .string()
  .max(longestAnswer)
  .regex(/^[\w-]+$/);
const common = { id: base64url, rawId: base64url, type: z.literal('public-key') };
const registration = z.object({
  ...common,
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z
      .array(z.string().regex(/^[a-z-]{1,20}$/))
      .max(10)
      .optional(),
  }),
});
const authentication = z.object({
  ...common,
  response: z.object({ clientDataJSON: base64url, authenticatorData: base64url, signature: base64url }),
});

/** Where passkeys belong: to the configured host and origin, whatever a request says (security.md T9). */
const relyingParty = (publicUrl: string) => ({ id: new URL(publicUrl).hostname, origin: new URL(publicUrl).origin });

/** Any kind of authenticator; the password was the other factor, so it need not ask who touches it. */
const userVerification = 'preferred';

/** What a browser is told to make a passkey from. One that is known already is not made again. */
export async function offerRegistration({ db }: Services, publicUrl: string, session: FactorSession) {
  const options = await generateRegistrationOptions({
    rpName: 'Vestibule',
    rpID: relyingParty(publicUrl).id,
    userName: session.email,
    userID: new TextEncoder().encode(ownerKey(session.owner)),
    attestationType: 'none',
    excludeCredentials: described(await passkeysOf(db, session.owner)),
    authenticatorSelection: { residentKey: 'preferred', userVerification },
    timeout,
  });
  await keepChallenge(db, session.tokenHash, 'registration', options.challenge);
  return options;
}

/** The passkey a browser has made, if its answer holds; undefined otherwise, with a line in the log. */
export async function readRegistration(
  services: Services,
  publicUrl: string,
  session: FactorSession,
  answer: string,
): Promise<Omit<Passkey, 'id'> | undefined> {
  const challenge = await takeChallenge(services.db, session.tokenHash, 'registration');
  const response = parsed(registration, answer);
  if (!challenge || !response) return undefined;
  const party = relyingParty(publicUrl);
  try {
    const { registrationInfo } = await verifyRegistrationResponse({
      response: { ...response, clientExtensionResults: {} } as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: false,
    });
    if (!registrationInfo) return undefined;
    const { id, publicKey, counter } = registrationInfo.credential;
    const transports = response.response.transports ?? [];
    return { credentialId: id, publicKey: Buffer.from(publicKey), counter, transports };
  } catch (error) {
    return refused(services, error);
  }
}

/** What a browser is told to prove: that it has one of the owner's passkeys. */
export async function offerAuthentication({ db }: Services, publicUrl: string, session: FactorSession) {
  const options = await generateAuthenticationOptions({
    rpID: relyingParty(publicUrl).id,
    allowCredentials: described(await passkeysOf(db, session.owner)),
    userVerification,
    timeout,
  });
  await keepChallenge(db, session.tokenHash, 'authentication', options.challenge);
  return options;
}

/** The passkey that signed, and its new counter, if the answer holds. */
export async function readAuthentication(
  services: Services,
  publicUrl: string,
  session: FactorSession,
  answer: string,
): Promise<{ passkey: Passkey; counter: number } | undefined> {
  const challenge = await takeChallenge(services.db, session.tokenHash, 'authentication');
  const response = parsed(authentication, answer);
  const passkey = (await passkeysOf(services.db, session.owner)).find((own) => own.credentialId === response?.id);
  if (!challenge || !response || !passkey) return undefined;
  const party = relyingParty(publicUrl);
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...response, clientExtensionResults: {} } as AuthenticationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      credential: { id: passkey.credentialId, publicKey: new Uint8Array(passkey.publicKey), counter: passkey.counter },
      requireUserVerification: false,
    });
    return verified ? { passkey, counter: authenticationInfo.newCounter } : undefined;
  } catch (error) {
    return refused(services, error);
  }
}

const described = (passkeys: Passkey[]) => passkeys.map(({ credentialId: id, transports }) => ({ id, transports }));

function parsed<Schema extends z.ZodType>(schema: Schema, answer: string): z.output<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(answer)).data;
  } catch {
    return undefined;
  }
}

/** The library says why in a sentence that repeats the challenge, which opens nothing by then. */
function refused({ log }: Services, error: unknown): undefined {
  log.warn({ reason: error instanceof Error ? error.name : 'unknown' }, 'a passkey was refused');
  return undefined;
}
