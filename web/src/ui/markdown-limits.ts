// What Markdown is too much to be shown as such: reading it would hold up the page for seconds, or never end.

const LONGEST = 200_000;
/** Signs in one paragraph, each of which may be matched with each other one. */
const SIGNS = 3000;
/** Quotes and lists in each other, as their signs and as their indentation. */
const DEEP = /^[ \t]*(?:>[ \t]?|[-+*][ \t]+|\d{1,9}[.)][ \t]+){40}|^[ \t]{120,}[-+*>\d]/m;
const CELLS = 20_000;

export function tooMuch(text: string): boolean {
  if (text.length > LONGEST || DEEP.test(text) || count(text, /\|/g) > CELLS) return true;
  return text.length > SIGNS && text.split(/\n[ \t]*\n/).some((block) => count(block, /[*_~[\]]/g) > SIGNS);
}

function count(text: string, sign: RegExp): number {
  return text.match(sign)?.length ?? 0;
}
