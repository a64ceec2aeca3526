// Until when a token is valid: choices in days, or a day that is picked.

export const EXPIRIES: readonly (readonly [value: string, words: string])[] = [
  ["7", "In a week"],
  ["30", "In 30 days"],
  ["90", "In 90 days"],
  ["365", "In a year"],
  ["on", "On a day of your choice"],
  ["", "Never"],
];

const DAY_MS = 86_400_000;

/** The API's time for a choice; `day` is such as "2030-01-31" and ends with it, where one is. Null for never. */
export function expiryOf(choice: string, day: string, now: number): string | null {
  if (choice === "") return null;
  if (choice !== "on") return new Date(now + Number(choice) * DAY_MS).toISOString();
  const end = new Date(`${day}T23:59:59`);
  // What is no day goes to the server as it is, who says so at the field.
  return Number.isNaN(end.getTime()) ? day : end.toISOString();
}
