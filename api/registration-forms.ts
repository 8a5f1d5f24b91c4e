/** What the registration page asks, by kind and by what operators have switched on. */
import { isOpenFor } from '../db/accounts.js';
import type { OrganisationKind, RegistrationKind, Settings } from '../db/models.js';

const kinds: OrganisationKind[] = ['customer', 'partner'];

/** The kinds that may register now. */
export const openKinds = (settings: Settings): OrganisationKind[] => kinds.filter((kind) => isOpenFor(kind, settings));

/** Whether a person of this kind gives a company's data, or the code of a partner that is known already. */
export const asksForCode = (kind: RegistrationKind, settings: Settings): boolean =>
  kind === 'partner' && settings.partner_onboarding !== 'without_code';

/** What is asked besides the person: their company, the code of a partner, or nothing, for the inviter has told it. */
export type Asked = 'company' | 'code' | 'nothing';
export const askedOf = (kind: RegistrationKind, settings: Settings): Asked => {
  if (kind === 'invited') return 'nothing';
  return asksForCode(kind, settings) ? 'code' : 'company';
};

/** The asked kind if it is open, else one that is; what the link or the person who typed the e-mail said only preselects. */
export const preselected = (asked: string | undefined, settings: Settings): OrganisationKind => {
  const open = openKinds(settings);
  return open.find((kind) => kind === asked) ?? open[0] ?? 'customer';
};

/** A typed code: what everybody's code looks like once spaces and dashes are gone, and no more than that. */
export const longestCode = 64;
