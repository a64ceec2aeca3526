// A file as it is: a picture, a sound, a film, the beginning of a text; or its name, its size, and how to get it.

import { useQuery } from "@tanstack/react-query";
import { Download, ExternalLink, File as FileIcon, FileX } from "lucide-react";
import { type ReactNode, useState } from "react";
import { fileInfo, fileText } from "@/api/files";
import { Problem } from "@/api/problem";
import { bytes } from "@/ui/bytes";
import { plain } from "./ansi";
import styles from "./file.module.css";
import { type FileLink, medium } from "./links";

const PREVIEW_BYTES = 20_000;

export function Files({ files }: { files: readonly FileLink[] }) {
  return (
    <ul className={files.length === 1 ? styles.one : styles.many}>
      {files.map((file, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same file may be there twice, and none moves
        <li key={place}>{file.elsewhere ? <Elsewhere file={file} /> : <Here file={file} />}</li>
      ))}
    </ul>
  );
}

/** A file of this server. */
function Here({ file }: { file: FileLink }) {
  const inline = file.href.startsWith("data:");
  const { data, error } = useQuery({ ...fileInfo(file.href), enabled: !inline });
  const name = plain(file.name);
  if (error !== null) {
    return (
      <div className={styles.gone} role="note">
        <FileX size={18} aria-hidden />
        <div className={styles.words}>
          <span className={styles.name}>{name}</span>
          <span>{error.message}</span>
          {error instanceof Problem && error.hint !== null && <span>{error.hint}</span>}
        </div>
      </div>
    );
  }
  const kind = medium(name, inline ? name : (data?.type ?? null));
  const about = [inline ? null : data?.type?.split(";")[0], data?.size == null ? null : bytes(data.size)];
  return (
    <figure className={styles.file}>
      <Preview file={file} name={name} kind={kind} inline={inline} />
      <figcaption className={styles.caption}>
        <span className={styles.name}>{name}</span>
        <span className={styles.about}>{about.filter(Boolean).join(" · ")}</span>
        <a className={styles.download} href={file.href} download={name} aria-label={`Download ${name}`}>
          <Download size={15} aria-hidden /> Download
        </a>
      </figcaption>
    </figure>
  );
}

interface PreviewProps {
  file: FileLink;
  name: string;
  kind: ReturnType<typeof medium>;
  inline: boolean;
}

function Preview({ file, name, kind, inline }: PreviewProps): ReactNode {
  const [failed, setFailed] = useState(false);
  const fails = () => setFailed(true);
  if (failed) return <Plain note="The browser cannot show it." />;
  switch (kind) {
    case "picture":
      return (
        <a
          className={styles.picture}
          href={inline ? undefined : file.href}
          target="_blank"
          rel="noreferrer noopener"
        >
          <img src={file.href} alt={name} onError={fails} loading="lazy" />
        </a>
      );
    case "audio":
      return inline ? (
        <Plain />
      ) : (
        <audio controls preload="metadata" src={file.href} onError={fails} aria-label={name} />
      );
    case "video":
      return inline ? (
        <Plain />
      ) : (
        <video controls preload="metadata" src={file.href} onError={fails} aria-label={name} />
      );
    case "text":
      return inline ? <Plain /> : <Beginning href={file.href} name={name} />;
    default:
      return <Plain />;
  }
}

function Beginning({ href, name }: { href: string; name: string }) {
  const { data, isError } = useQuery(fileText(href, PREVIEW_BYTES));
  if (isError) return <Plain />;
  return (
    <pre className={styles.text} tabIndex={0} role="region" aria-label={`The beginning of ${name}`}>
      {data?.text ?? " "}
      {data?.more === true && <span className={styles.more}>{"\n"}… and more: download it</span>}
    </pre>
  );
}

function Plain({ note }: { note?: string }) {
  return (
    <div className={styles.plain}>
      <FileIcon size={28} strokeWidth={1.4} aria-hidden />
      {note !== undefined && <span>{note}</span>}
    </div>
  );
}

/** A file of another server: this page fetches nothing from there. */
function Elsewhere({ file }: { file: FileLink }) {
  return (
    <p className={styles.elsewhere}>
      <ExternalLink size={15} aria-hidden />
      <a href={file.href} target="_blank" rel="noreferrer noopener">
        {plain(file.href)}
      </a>
    </p>
  );
}
