// The search field and the filters of the list of models.

import { useQuery } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { enterCards } from "./arrows";
import { categories } from "./queries";
import { type ModelsSearch, SORTS, STATUSES, sortOf } from "./search";
import styles from "./toolbar.module.css";

interface Props {
  search: ModelsSearch;
  change: (to: ModelsSearch) => void;
}

export function Toolbar({ search, change }: Props) {
  const { data: known = [] } = useQuery(categories);
  const slugs = known.map((one) => [one.slug, one.name] as const);
  const { category } = search;
  // One that the address names and that there is not is shown, so that it can be taken away.
  if (category !== undefined && !known.some((one) => one.slug === category)) slugs.push([category, category]);
  return (
    <search className={styles.toolbar}>
      <SearchField words={search.q ?? ""} change={(q) => change({ q })} />
      <div className={styles.filters}>
        {slugs.length > 0 && (
          <Choice label="Category" value={category ?? ""} choose={(to) => change({ category: to })}>
            <option value="">Any category</option>
            {slugs.map(([slug, name]) => (
              <option key={slug} value={slug}>
                {name}
              </option>
            ))}
          </Choice>
        )}
        <Choice label="Status" value={search.status ?? ""} choose={(status) => change({ status })}>
          <option value="">Any status</option>
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {status === "empty" ? "No version" : status.charAt(0).toUpperCase() + status.slice(1)}
            </option>
          ))}
        </Choice>
        {search.q === undefined && (
          <Choice label="Order" value={sortOf(search)[0]} choose={(to) => change({ sort: to })}>
            {SORTS.map(([name, words]) => (
              <option key={name} value={name}>
                {words}
              </option>
            ))}
          </Choice>
        )}
      </div>
    </search>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  choose: (value: string) => void;
  children: ReactNode;
}

function Choice({ label, value, choose, children }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      className={styles.choice}
      value={value}
      onChange={(event) => choose(event.target.value)}
    >
      {children}
    </select>
  );
}

/** How long typing pauses before it is searched for. */
const PAUSE_MS = 200;
const LONGEST = 200;

function SearchField({ words, change }: { words: string; change: (q: string) => void }) {
  const [text, setText] = useState(words);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // What the address says counts, such as after "back"; what is being typed is on its way there.
  useEffect(() => {
    if (timer.current === undefined) setText(words);
  }, [words]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const search = (now: string) => {
    clearTimeout(timer.current);
    timer.current = undefined;
    if (now.trim() !== words) change(now.trim());
  };
  const typed = (now: string) => {
    setText(now);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => search(now), PAUSE_MS);
  };
  const pressed = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "ArrowDown" && enterCards()) event.preventDefault();
    if (event.key === "Enter") search(text);
    if (event.key === "Escape") {
      if (text === "") event.currentTarget.blur();
      typed("");
    }
  };
  return (
    <label className={styles.search}>
      <Search size={16} aria-hidden />
      <span className="visually-hidden">Search models</span>
      <input
        data-search
        type="search"
        className={styles.field}
        placeholder="Search models"
        value={text}
        maxLength={LONGEST}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => typed(event.target.value)}
        onKeyDown={pressed}
      />
      <kbd className={styles.key} aria-hidden>
        /
      </kbd>
    </label>
  );
}
