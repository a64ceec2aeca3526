// Where a key moves to in a list.

const PAGE = 12;

/** The place after a key, or undefined for a key that does not move; `place` is -1 before the first move. */
export function moved(key: string, place: number, count: number): number | undefined {
  const steps: Record<string, number> = {
    ArrowDown: place + 1,
    j: place + 1,
    ArrowUp: place - 1,
    k: place - 1,
    PageDown: place + PAGE,
    PageUp: place - PAGE,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined || count === 0 ? undefined : Math.min(Math.max(to, 0), count - 1);
}
