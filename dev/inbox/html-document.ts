/**
 * The mail's HTML as it is shown in the frame. Links open a new tab: inside the frame the page behind an activation link
 * would refuse to appear.
 */
export function htmlDocument(html: string): string {
  const base = '<base target="_blank">';
  return /<head[^>]*>/i.test(html) ? html.replace(/<head[^>]*>/i, `$&${base}`) : `<!doctype html>${base}${html}`;
}

/** Text in pieces; those that are web addresses can be made links. */
export function splitAtLinks(text: string): { text: string; isLink: boolean }[] {
  // Punctuation at the end belongs to the sentence around the address.
  return text
    .split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'])/)
    .map((piece, index) => ({ text: piece, isLink: index % 2 === 1 }))
    .filter((piece) => piece.text !== '');
}
