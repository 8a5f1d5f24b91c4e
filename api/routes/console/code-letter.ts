import type { Partner, PartnerCode } from '../../../db/models.js';
import { countryName } from '../../formats.js';
import type { Language } from '../../i18n.js';
import type { LetterModel } from '../../pages/console/code-letter.js';
import { drawQr } from '../../qr-code.js';

/** What the letter with a partner's code says, in the language of those who get it. */
export function buildLetter(
  partner: Partner,
  row: PartnerCode,
  { code, publicUrl, language }: { code: string; publicUrl: string; language: Language },
): LetterModel {
  const link = `${publicUrl}/register?kind=partner&code=${code}`;
  return {
    language,
    code,
    link,
    qr: drawQr(link),
    publicUrl,
    maxUses: row.max_uses,
    expiresAt: row.expires_at?.toISOString(),
    date: row.created_at.toISOString(),
    recipient: {
      name: partner.name,
      street: partner.street,
      town: [partner.postal_code, partner.city].filter(Boolean).join(' '),
      country: partner.country && countryName(language, partner.country),
    },
  };
}
