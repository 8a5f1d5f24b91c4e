import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInstance } from 'i18next';
import de from './locales/de.json' with { type: 'json' };
import en from './locales/en.json' with { type: 'json' };

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];
/** Each in itself. */
export const languageNames: Record<Language, string> = { en: 'English', de: 'Deutsch' };
export type Translate = (key: string, variables?: Record<string, unknown>) => string;

/** The words of the Console or of the account pages: a file an area, its name the first part of the area's keys. */
function wordsOf(part: 'console' | 'account', language: Language): Record<string, unknown> {
  const folder = fileURLToPath(new URL(`./locales/${part}/${language}/`, import.meta.url));
  const words = (file: string) => JSON.parse(readFileSync(folder + file, 'utf8'));
  return Object.fromEntries(readdirSync(folder).map((file) => [basename(file, '.json'), words(file)]));
}

/** Every word of pages and errors, by language. */
export const resources = {
  en: { ...en, ...wordsOf('account', 'en'), ...wordsOf('console', 'en') },
  de: { ...de, ...wordsOf('account', 'de'), ...wordsOf('console', 'de') },
};

const catalogue = createInstance({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: resources.en }, de: { translation: resources.de } },
  // Pages escape by construction (JSX); escaping twice would show entities to people.
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

/** The words of pages and errors in one language; a missing key is caught by a test, never shown to a person. */
export const translator = (language: Language): Translate => translators[language];
