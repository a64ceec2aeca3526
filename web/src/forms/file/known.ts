// What this page knows of the files behind links: those that it has uploaded itself can be shown at once.

export interface Known {
  name: string;
  type: string;
  size: number | null;
  /** Where it can be shown from; null where the page's policy lets it be shown from nowhere. */
  shown: string | null;
}

const uploaded = new Map<string, Known>();

export function remember(link: string, file: File): void {
  uploaded.set(link, {
    name: file.name,
    type: file.type,
    size: file.size,
    shown: URL.createObjectURL(file),
  });
}

const TYPES: Record<string, string | undefined> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  svg: "image/svg+xml",
  wav: "audio/wav",
  mp3: "audio/mpeg",
  ogg: "audio/ogg",
  mp4: "video/mp4",
  webm: "video/webm",
};

/** What is known of a link or a data: URI. */
export function knownOf(link: string): Known {
  const own = uploaded.get(link);
  if (own !== undefined) return own;
  if (link.startsWith("data:")) {
    const type = /^data:([^;,]*)/.exec(link)?.[1] ?? "";
    return { name: "A file in the text itself", type, size: null, shown: type === "text/html" ? null : link };
  }
  const url = URL.canParse(link) ? new URL(link) : null;
  const name = decoded(url?.pathname.split("/").at(-1) ?? link);
  const type = TYPES[name.split(".").at(-1)?.toLowerCase() ?? ""] ?? "";
  const shown = url?.pathname.startsWith("/v1/") ? url.pathname + url.search : null;
  return { name: name || link, type, size: null, shown };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
