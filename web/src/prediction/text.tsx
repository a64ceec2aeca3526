// A text, also one that is still coming: as it is, or as Markdown.

import { memo, Suspense, useDeferredValue, useRef } from "react";
import { Loading } from "@/ui/loading";
import { Markdown } from "@/ui/markdown";
import { Blocks } from "./blocks";
import { Ending } from "./ending";
import { useSlowly } from "./slowly";
import styles from "./text.module.css";

interface Props {
  text: string;
  live: boolean;
  markdown: boolean;
}

/** More than this is not laid out as Markdown. */
export const MARKDOWN_LIMIT = 200_000;

export function Text({ text, live, markdown }: Props) {
  const box = useRef<HTMLDivElement>(null);
  return (
    <Ending box={box} label="Output text" size={text.length} first={live} live={live} className={styles.box}>
      {markdown ? <AsMarkdown text={text} /> : <AsIs text={text} live={live} />}
    </Ending>
  );
}

function AsIs({ text, live }: { text: string; live: boolean }) {
  const blocks = useRef<Blocks>(null);
  blocks.current ??= new Blocks();
  const { done, last } = blocks.current.of(text);
  return (
    <div className={styles.text} data-testid="output-text">
      {done.map((block, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks neither move nor change
        <Block key={place} text={block} />
      ))}
      <div className={live ? styles.live : undefined}>{last}</div>
    </div>
  );
}

const Block = memo(function Block({ text }: { text: string }) {
  return <div className={styles.block}>{text}</div>;
});

function AsMarkdown({ text }: { text: string }) {
  const now = useDeferredValue(useSlowly(text));
  return (
    <div className={styles.markdown}>
      <Suspense fallback={<Loading />}>
        <Markdown text={now} />
      </Suspense>
    </div>
  );
}
