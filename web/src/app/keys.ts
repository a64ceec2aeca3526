// The keys that work everywhere: `/` for the search, `?` for help, `g` and a letter to go somewhere.

import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

/** What is said of each key in the help. */
export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["/", "Search"],
  ["Ctrl Enter", "Run"],
  ["↑ ↓ Enter", "Move in the list of predictions, and open one"],
  ["Esc", "Close, or leave a field"],
  ["g m", "Go to the models"],
  ["g p", "Go to the predictions"],
  ["g n", "Go to what happens now"],
  ["g s", "Go to the settings"],
  ["?", "Show this help"],
];

export const HELP = "augury:help";

const PLACES: Record<string, string> = { m: "/", p: "/predictions", n: "/now", s: "/settings" };
const AFTER_G_MS = 1200;

type Navigate = ReturnType<typeof useNavigate>;

export function useKeys() {
  const navigate = useNavigate();
  const wentFor = useRef(0);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      const afterG = event.timeStamp - wentFor.current < AFTER_G_MS;
      wentFor.current = event.key === "g" ? event.timeStamp : 0;
      const act = actionOf(event.key, afterG, navigate);
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [navigate]);
}

function actionOf(key: string, afterG: boolean, navigate: Navigate): (() => void) | undefined {
  const place = afterG ? PLACES[key] : undefined;
  if (place !== undefined) return () => void navigate({ to: place });
  if (key === "/") return () => void search(navigate);
  if (key === "?") return () => window.dispatchEvent(new Event(HELP));
  return undefined;
}

/** To the page's own field, or to that of the models where it has none. */
async function search(navigate: Navigate) {
  const field = () => document.querySelector<HTMLElement>("[data-search]");
  if (field() === null) await navigate({ to: "/" });
  field()?.focus();
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
