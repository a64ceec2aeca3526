// A text, also one that is still coming: as it is, or as Markdown.

import { ArrowDown } from "lucide-react";
import { memo, Suspense, useDeferredValue, useRef } from "react";
import { Button } from "@/ui/button";
import { Loading } from "@/ui/loading";
import { Markdown } from "@/ui/markdown";
import { Blocks } from "./blocks";
import { useEnd } from "./end";
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
  const { onScroll, atEnd, toEnd } = useEnd(box, text.length, live);
  return (
    <div className={styles.frame}>
      <div
        ref={box}
        className={styles.box}
        onScroll={onScroll}
        tabIndex={0}
        role="region"
        aria-label="Output text"
      >
        {markdown ? <AsMarkdown text={text} /> : <AsIs text={text} live={live} />}
      </div>
      {live && !atEnd && (
        <Button className={styles.follow} onClick={toEnd}>
          <ArrowDown size={14} aria-hidden /> Follow
        </Button>
      )}
    </div>
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
