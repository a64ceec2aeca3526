// Headings of a text that stands inside a page: they begin at the level that is free there, and none is skipped.

interface Node {
  type: string;
  tagName?: string;
  children?: Node[];
}

const DEEPEST = 6;

/** For rehype: `first` is the level of the first heading. */
export function levels(first: number) {
  return (tree: unknown) => {
    const headings = all(tree as Node);
    const offset = first - Math.min(...headings.map(levelOf));
    let last = first - 1;
    for (const heading of headings) {
      last = Math.max(first, Math.min(levelOf(heading) + offset, last + 1, DEEPEST));
      heading.tagName = `h${last}`;
    }
  };
}

function all(node: Node): Node[] {
  const inner = (node.children ?? []).flatMap(all);
  return node.type === "element" && /^h[1-6]$/.test(node.tagName ?? "") ? [node, ...inner] : inner;
}

function levelOf(heading: Node): number {
  return Number(heading.tagName?.slice(1));
}
