import { dateFormat } from '../../formats.js';
import { type Language, translator } from '../../i18n.js';
import { QrCode, type QrModel } from '../qr-code.js';

export interface LetterModel {
  language: Language;
  code: string;
  link: string;
  qr: QrModel;
  /** Where the link begins, to be typed by hand. */
  publicUrl: string;
  maxUses: number;
  /** ISO 8601. */
  expiresAt?: string;
  /** When the letter was written, ISO 8601. */
  date: string;
  recipient: { name: string; street: string | null; town: string; country: string | null };
}

/** A letter to the partner, of which only the paper is printed. Its dates are the server's, in UTC: it is read anywhere. */
export function CodeLetter({ letter }: { letter: LetterModel }) {
  const { language, code, link, qr, publicUrl, maxUses, expiresAt, date, recipient } = letter;
  const t = translator(language);
  const format = dateFormat(language, { dateStyle: 'long', timeZone: 'UTC' });
  const lines = [recipient.name, recipient.street, recipient.town, recipient.country].filter(Boolean);
  return (
    <article class="letter" lang={language} aria-labelledby="letter-subject">
      <address>
        {lines.map((line) => (
          <span class="line">{line}</span>
        ))}
      </address>
      <p class="letter-date">{format.format(new Date(date))}</p>
      <h3 id="letter-subject">{t('partners.letter.subject', { product: t('common.product') })}</h3>
      <p>{t('partners.letter.greeting')}</p>
      <p>{t('partners.letter.what', { product: t('common.product') })}</p>
      <div class="letter-code">
        <QrCode label={t('partners.qrLabel')} qr={qr} />
        <dl>
          <dt>{t('partners.letter.code')}</dt>
          <dd>
            <code class="partner-code">{code}</code>
          </dd>
          <dt>{t('partners.letter.link')}</dt>
          <dd class="partner-link">{link}</dd>
        </dl>
      </div>
      <ol>
        <li>{t('partners.letter.open', { address: `${publicUrl}/register` })}</li>
        <li>{t('partners.letter.mail')}</li>
        <li>{t('partners.letter.enter')}</li>
      </ol>
      <p>
        {t('partners.letter.uses', { count: maxUses })}{' '}
        {expiresAt ? t('partners.letter.until', { date: format.format(new Date(expiresAt)) }) : ''}{' '}
        {t('partners.letter.secret')}
      </p>
      <p>{t('partners.letter.closing')}</p>
    </article>
  );
}
