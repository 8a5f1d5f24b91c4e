import { hash, verify } from '@node-rs/argon2';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';
import pLimit from 'p-limit';
import { RequestError } from './errors.js';

/** OWASP's argon2id minimum (security.md P1): 19 MiB, two passes, one lane. */
const argon2id = 2;
const parameters = { algorithm: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Code points; above, a password is refused before anything is computed (P3). */
export const passwordMaximum = 256;
/** zxcvbn's scale 0 to 4: what an offline attacker guesses within 10^8 tries is below 3. */
const leastScore = 3;
/** Shorter words are in every password. */
const leastWordLength = 4;
/** What a password must still have when the person's own words are taken out. */
const leastOwnLength = 6;
const productName = 'vestibule';

// Judged by their beginning and by few letter-like signs: a hostile long one would hold up the process for seconds.
const strength = new ZxcvbnFactory({
  dictionary,
  graphs: adjacencyGraphs,
  maxLength: 64,
  l33tMaxSubstitutions: 10,
});
/** Hashing is bounded: this many at once, and a queue that refuses rather than grows (P10). */
const hashing = pLimit(2);
const longestQueue = 100;

async function bounded<T>(work: () => Promise<T>): Promise<T> {
  if (hashing.pendingCount >= longestQueue) throw new RequestError('busy', { retryAfter: 2 });
  return hashing(work);
}

/** The same normalisation when set and when checked (P4). */
const normalise = (password: string) => password.normalize('NFKC');

export const hashPassword = (password: string): Promise<string> => bounded(() => hash(normalise(password), parameters));

/** A hash nobody's password has, so that an unknown account costs what a known one does (E5). */
const nobody = hashPassword('nobody has this password');

/** Checks against the hash, or against nobody's: false after the same time. */
export const verifyPassword = async (password: string, passwordHash: string | undefined): Promise<boolean> => {
  if ([...password].length > passwordMaximum) return false;
  const matches = await bounded(async () => verify(passwordHash ?? (await nobody), normalise(password)));
  return matches && passwordHash !== undefined;
};

/** Field error code of a password that must not be used, or undefined (P2, P5). `words`: company, names, e-mail. */
export function passwordProblem(password: string, minimum: number, words: (string | undefined)[]): string | undefined {
  const length = [...password].length;
  if (length > passwordMaximum) return 'passwordTooLong';
  if (length < minimum) return 'passwordTooShort';
  const personal = [
    productName,
    ...words.flatMap((word) => (word ?? '').toLowerCase().split(/[^\p{L}\p{N}]+/u)),
  ].filter((word) => word.length >= leastWordLength);
  const typed = normalise(password).toLowerCase();
  const own = personal.reduce((rest, word) => rest.replaceAll(word, ''), typed);
  if (own !== typed && own.replace(/[^\p{L}\p{N}]/gu, '').length < leastOwnLength) return 'passwordContainsPersonal';
  if (strength.check(normalise(password), personal).score < leastScore) return 'passwordTooCommon';
  return undefined;
}
