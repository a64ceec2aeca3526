// Searching a tree: the places where a text is, one after the other.

import { ChevronDown, ChevronUp } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { Button } from "@/ui/button";
import { SearchField } from "@/ui/field";
import styles from "./tree.module.css";
import { find } from "./tree-rows";

interface Props {
  value: unknown;
  label: string;
  onFound: (path: string) => void;
  onNone: () => void;
}

export function Search({ value, label, onFound, onNone }: Props) {
  const [text, setText] = useState("");
  const [places, setPlaces] = useState<readonly string[]>([]);
  const [at, setAt] = useState(0);
  const search = (wanted: string) => {
    const found = find(value, wanted);
    setText(wanted);
    setPlaces(found);
    setAt(0);
    const first = found[0];
    if (first === undefined) onNone();
    else onFound(first);
  };
  const step = (by: number) => {
    if (places.length === 0) return;
    const next = (at + by + places.length) % places.length;
    setAt(next);
    onFound(places[next] ?? "");
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      step(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && text !== "") search("");
  };
  return (
    <div className={styles.search} role="search" aria-label={`Search ${label}`}>
      <SearchField
        label={`Search ${label}`}
        value={text}
        placeholder="Search keys and values"
        onChange={(event) => search(event.target.value)}
        onKeyDown={pressed}
      />
      {text !== "" && (
        <>
          <span className={styles.hits} role="status">
            {places.length === 0
              ? "none"
              : `${at + 1} of ${places.length}${places.length === 1000 ? "+" : ""}`}
          </span>
          <Button
            kind="quiet"
            aria-label="Previous place"
            onClick={() => step(-1)}
            disabled={places.length < 2}
          >
            <ChevronUp size={15} aria-hidden />
          </Button>
          <Button kind="quiet" aria-label="Next place" onClick={() => step(1)} disabled={places.length < 2}>
            <ChevronDown size={15} aria-hidden />
          </Button>
        </>
      )}
    </div>
  );
}
