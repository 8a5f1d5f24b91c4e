import type { Translate } from '../i18n.js';
import { aroundEmail, foreignText } from './foreign-text.js';

/** The plain-text part: paragraphs with an empty line between them, then the same footer as the HTML part. */
export const textLayout = (t: Translate, paragraphs: string[]): string =>
  `${['Vestibule', ...paragraphs, `-- \n${t('common.automatic')}`].join('\n\n')}\n`;

export const emailParagraph = (t: Translate, sentence: string, email: string): string => {
  const [before, after] = aroundEmail(t, sentence);
  return `${before}${foreignText(email)}${after}`;
};

/** A link stands alone on its line, so that no mail program takes the punctuation after it for a part of it. */
export const linkParagraph = (words: string, link: string): string => `${words}\n${link}`;

export const referenceParagraph = (t: Translate, reference: string): string =>
  `${t('common.reference')} ${reference}. ${t('common.referenceUse')}`;
