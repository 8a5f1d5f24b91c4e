import type { Translate } from '../i18n.js';

/** Stands where a value from outside goes; the catalogue never sees the value, so nothing in it is taken for a placeholder. */
const slot = '\u0000';

/** The words before and after the e-mail address in a sentence. */
export const aroundEmail = (t: Translate, key: string): [before: string, after: string] => {
  const [before = '', after = ''] = t(key, { email: slot }).split(slot);
  return [before, after];
};

/** Characters at which mail programs recognise addresses; each in its own element, the text no longer becomes a link. */
const linkMarks = /([.@:/])/;

/** Text typed by somebody who has proven nothing: escaped, and no mail program makes a link of it. */
export const ForeignText = ({ value }: { value: string }) => (
  <strong style="word-break:break-word">
    {value.split(linkMarks).map((part) => (linkMarks.test(part) ? <span>{part}</span> : part))}
  </strong>
);

/**
 * The same for plain text. An ordinary address stays as it is; one that carries a web address in it (an attacker may
 * choose what follows a `+`) gets zero-width spaces, which end what mail programs take for a link.
 */
export const foreignText = (value: string): string =>
  /www\.|[/:]/i.test(value.split('@')[0]!) ? value.replace(/[./:]/g, '$&\u200b') : value;
