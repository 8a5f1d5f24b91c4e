import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInstance } from 'i18next';
import de from './locales/de.json' with { type: 'json' };
import en from './locales/en.json' with { type: 'json' };

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];
export type Translate = (key: string, variables?: Record<string, unknown>) => string;

/** The words of mails to users: a file a mail, its name the first part of the mail's keys. */
function noticeWords(language: Language): Record<string, unknown> {
  const folder = fileURLToPath(new URL(`./locales/notices/${language}/`, import.meta.url));
  const words = (file: string) => JSON.parse(readFileSync(folder + file, 'utf8'));
  return Object.fromEntries(readdirSync(folder).map((file) => [basename(file, '.json'), words(file)]));
}

/** Every word of the mails, by language. */
export const resources = { en: { ...en, ...noticeWords('en') }, de: { ...de, ...noticeWords('de') } };

const catalogue = createInstance({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: resources.en }, de: { translation: resources.de } },
  // The HTML part escapes by construction (JSX), the text part must not be escaped.
  interpolation: { escapeValue: false },
});
await catalogue.init();

/** A text without variables is always the same, and a page has a hundred of them: the catalogue is asked once. */
function remembering(translate: Translate): Translate {
  const known = new Map<string, string>();
  return (key, variables) => {
    if (variables) return translate(key, variables);
    const words = known.get(key) ?? translate(key);
    if (words !== key) known.set(key, words);
    return words;
  };
}

const translators = {
  en: remembering(catalogue.getFixedT('en')),
  de: remembering(catalogue.getFixedT('de')),
} satisfies Record<Language, Translate>;

export const isLanguage = (value: unknown): value is Language => languages.includes(value as Language);

/** The words of mails in one language; a missing key is caught by a test, never shown to a person. */
export const translator = (language: Language): Translate => translators[language];
