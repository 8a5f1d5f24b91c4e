import { createInstance } from 'i18next';
import de from './locales/de.json' with { type: 'json' };
import en from './locales/en.json' with { type: 'json' };

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];
export type Translate = (key: string, variables?: Record<string, unknown>) => string;

const catalogue = createInstance({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: en }, de: { translation: de } },
  // The HTML part escapes by construction (JSX), the text part must not be escaped.
  interpolation: { escapeValue: false },
});
await catalogue.init();

export const isLanguage = (value: unknown): value is Language => languages.includes(value as Language);

/** The words of mails in one language; a missing key is caught by a test, never shown to a person. */
export const translator = (language: Language): Translate => catalogue.getFixedT(language);
