// After something was added to a form, the focus is where it is filled in.

import { useLayoutEffect, useRef } from "react";

const FIELDS = "input:not([hidden]), textarea, select, button";

/** Give `ref` to the list; call `grow` before a row is added at its end. */
export function useFocusOnNew<Element extends HTMLElement>() {
  const ref = useRef<Element>(null);
  const grows = useRef(false);
  useLayoutEffect(() => {
    if (!grows.current) return;
    grows.current = false;
    ref.current
      ?.querySelector<HTMLElement>(":scope > :last-child")
      ?.querySelector<HTMLElement>(FIELDS)
      ?.focus();
  });
  return {
    ref,
    grow: () => {
      grows.current = true;
    },
  };
}
