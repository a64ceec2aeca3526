// Files that are dropped or pasted anywhere on the page: into the field that they are dropped on, else into the first
// one that has none. Without this, a browser leaves the page for a file that misses its field.

import { type RefObject, useEffect, useRef, useState } from "react";

interface Waiting {
  zone: RefObject<HTMLElement | null>;
  take: (file: File) => void;
}

/** The fields that wait for a file, in the order of the page. */
const waiting = new Set<Waiting>();
const listeners = {
  dragover: (event: DragEvent) => {
    if (carriesFiles(event.dataTransfer)) event.preventDefault();
  },
  drop: (event: DragEvent) => {
    if (carriesFiles(event.dataTransfer)) give(event, event.dataTransfer?.files);
  },
  paste: (event: ClipboardEvent) => {
    // Text that brings a picture of itself along, as office programs copy it, is text where text is written.
    const text = event.target instanceof HTMLElement && event.target.matches("input, textarea");
    if (!text || event.clipboardData?.types.includes("text/plain") !== true) {
      give(event, event.clipboardData?.files);
    }
  },
};

/** Gives the field what comes; tells whether a file hovers over it. */
export function useIncoming(
  zone: RefObject<HTMLElement | null>,
  disabled: boolean,
  take: (file: File) => void,
): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const element = zone.current;
    if (disabled || element === null) return;
    const one: Waiting = { zone, take: (file) => latest.current(file) };
    const enter = (event: DragEvent) => setOver(carriesFiles(event.dataTransfer));
    const leave = () => setOver(false);
    element.addEventListener("dragover", enter);
    element.addEventListener("dragleave", leave);
    element.addEventListener("drop", leave);
    const forget = wait(one);
    return () => {
      element.removeEventListener("dragover", enter);
      element.removeEventListener("dragleave", leave);
      element.removeEventListener("drop", leave);
      forget();
    };
  }, [zone, disabled]);
  return over;
}

function wait(one: Waiting): () => void {
  if (waiting.size === 0) {
    window.addEventListener("dragover", listeners.dragover);
    window.addEventListener("drop", listeners.drop);
    window.addEventListener("paste", listeners.paste);
  }
  waiting.add(one);
  return () => {
    waiting.delete(one);
    if (waiting.size > 0) return;
    window.removeEventListener("dragover", listeners.dragover);
    window.removeEventListener("drop", listeners.drop);
    window.removeEventListener("paste", listeners.paste);
  };
}

function give(event: DragEvent | ClipboardEvent, files: FileList | undefined) {
  const [file] = files ?? [];
  if (file === undefined) return;
  event.preventDefault();
  const at = event.target instanceof Node ? event.target : null;
  const inOrder = [...waiting].sort((one, other) => order(one, other));
  const aimed = inOrder.find((one) => one.zone.current?.contains(at)) ?? inOrder[0];
  aimed?.take(file);
}

function order(one: Waiting, other: Waiting): number {
  const [first, second] = [one.zone.current, other.zone.current];
  if (first === null || second === null) return 0;
  return first.compareDocumentPosition(second) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;
}

function carriesFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes("Files") === true;
}
