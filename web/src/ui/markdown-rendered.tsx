// Markdown as elements: no HTML of its own, links to the web only, pictures of this server only. See markdown.tsx.

import { type ComponentProps, useId, useMemo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { levels } from "./markdown-levels";
import { safePicture, webAddress } from "./safe-address";

export default function Rendered({ text, level }: { text: string; level: number }) {
  const id = useId();
  // Every text has its own names for what it links to inside itself.
  const remark = useMemo(() => ({ clobberPrefix: `${id}-` }), [id]);
  const rehype = useMemo(() => [[levels, level] as [typeof levels, number]], [level]);
  return (
    <ReactMarkdown
      remarkPlugins={[remarkGfm]}
      remarkRehypeOptions={remark}
      rehypePlugins={rehype}
      urlTransform={(address) => address}
      components={COMPONENTS}
    >
      {text}
    </ReactMarkdown>
  );
}

const COMPONENTS: Components = { a: Anchor, img: Picture, table: Table, pre: Pre, input: Check };

function Anchor({ href, children }: ComponentProps<"a">) {
  const address = webAddress(href);
  if (address === null) return <span>{children}</span>;
  return (
    <a href={address} rel="noreferrer noopener" target="_blank">
      {children}
    </a>
  );
}

/** A picture of another server is never asked for: it would tell that server who reads. */
function Picture({ src, alt }: ComponentProps<"img">) {
  const address = typeof src === "string" ? src : undefined;
  const own = safePicture(address);
  if (own !== null) return <img src={own} alt={alt ?? ""} loading="lazy" />;
  const web = webAddress(address);
  const words = alt === undefined || alt === "" ? "Picture" : alt;
  if (web === null) return <span>{words}</span>;
  return (
    <a href={web} rel="noreferrer noopener" target="_blank">
      {words} (picture at {new URL(web).host})
    </a>
  );
}

function Table({ children }: ComponentProps<"table">) {
  return (
    <div data-scrolls tabIndex={0} role="group" aria-label="Table">
      <table>{children}</table>
    </div>
  );
}

function Pre({ children }: ComponentProps<"pre">) {
  return (
    <pre tabIndex={0} role="group" aria-label="Code">
      {children}
    </pre>
  );
}

/** A task of a list, as a sign: there is nothing to click. */
function Check({ checked }: ComponentProps<"input">) {
  return (
    <span role="img" aria-label={checked === true ? "Done" : "To do"}>
      {checked === true ? "☑" : "☐"}
    </span>
  );
}
