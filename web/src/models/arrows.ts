// Going through the cards by arrow keys: from the search field down into them, through rows and columns, and back up.

import type { KeyboardEvent } from "react";

const CARD = "[data-card]";

const cards = () => [...document.querySelectorAll<HTMLElement>(CARD)];

/** Puts the focus on the first card; false if there is none. */
export function enterCards(): boolean {
  const [first] = cards();
  first?.focus();
  return first !== undefined;
}

/** Moves the focus from a card to its neighbour. */
export function moveAmongCards(event: KeyboardEvent<HTMLElement>) {
  const all = cards();
  const at = all.indexOf(document.activeElement as HTMLElement);
  const here = all[at];
  if (here === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const to = neighbour(event.key, all, at, here);
  if (to === undefined) return;
  event.preventDefault();
  to.focus();
}

function neighbour(key: string, all: HTMLElement[], at: number, here: HTMLElement): HTMLElement | undefined {
  if (key === "ArrowRight") return all[at + 1];
  if (key === "ArrowLeft") return all[at - 1];
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  const { left, top } = here.getBoundingClientRect();
  // Cards of a column begin at the same place from the left.
  const column = all.filter((one) => Math.abs(one.getBoundingClientRect().left - left) < 4);
  if (key === "ArrowDown") return column.find((one) => one.getBoundingClientRect().top > top) ?? all[at + 1];
  if (key !== "ArrowUp") return undefined;
  const above = column.findLast((one) => one.getBoundingClientRect().top < top);
  return above ?? document.querySelector<HTMLElement>("[data-search]") ?? undefined;
}
