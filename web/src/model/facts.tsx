// What is known of a model: whose it is, its versions, what it runs on, who may call it how, where to read on.

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";
import type { ReactNode } from "react";
import { versions as versionsOf } from "@/api/queries";
import { bytes } from "@/ui/bytes";
import { Panel } from "@/ui/panel";
import { webAddress } from "@/ui/safe-address";
import { Ago } from "@/ui/time";
import styles from "./facts.module.css";
import { useModel } from "./hooks";
import { configuration } from "./queries";
import { offersOf } from "./words";

export function Facts() {
  const { owner, name, model, version } = useModel();
  return (
    <Panel title="Facts">
      <dl className={styles.facts}>
        <Fact name="Owner">
          <Link to="/" search={{ q: model.owner.name }}>
            {model.owner.name}
          </Link>
        </Fact>
        <Fact name="Runs">{model.predictions_count.toLocaleString("en")}</Fact>
        <Versions owner={owner} name={name} />
        {version !== null && (
          <>
            {version.size !== undefined && version.size > 0 && <Fact name="Size">{bytes(version.size)}</Fact>}
            <Hardware owner={owner} name={name} number={version.number} />
            <Fact name="Clients">{offersOf(version.compatibilities).join(", ")}</Fact>
            <Fact name="Output">
              {version.schemas.prediction.stream_output == null ? "whole" : "in pieces, as it comes"}
            </Fact>
          </>
        )}
        {model.categories.length > 0 && (
          <Fact name="Categories">
            {model.categories.map((category) => (
              <Link
                key={category.slug}
                to="/"
                search={{ category: category.slug }}
                className={styles.category}
              >
                {category.name}
              </Link>
            ))}
          </Fact>
        )}
        <Fact name="Made">
          <Ago at={model.created_at} />
        </Fact>
        {model.updated_at !== null && (
          <Fact name="Changed">
            <Ago at={model.updated_at} />
          </Fact>
        )}
        <Elsewhere name="Source" address={model.source_url} />
        <Elsewhere name="Licence" address={model.license_url} />
        <Elsewhere name="Paper" address={model.paper_url} />
      </dl>
    </Panel>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Versions({ owner, name }: { owner: string; name: string }) {
  const { data, hasNextPage } = useInfiniteQuery(versionsOf(owner, name));
  if (data === undefined) return null;
  const known = data.pages.reduce((count, page) => count + page.items.length, 0);
  return (
    <Fact name="Versions">
      {known === 0 ? (
        "none yet"
      ) : (
        <Link to="/models/$owner/$name/versions" params={{ owner, name }}>
          {known}
          {hasNextPage ? " and more" : ""}
        </Link>
      )}
    </Fact>
  );
}

function Hardware({ owner, name, number }: { owner: string; name: string; number: number }) {
  const { data } = useQuery(configuration(owner, name, number));
  return data === undefined ? null : <Fact name="Hardware">{data.hardware_identifier}</Fact>;
}

function Elsewhere({ name, address }: { name: string; address: string | null }) {
  const web = webAddress(address);
  if (web === null) return null;
  return (
    <Fact name={name}>
      <a href={web} rel="noreferrer noopener" target="_blank" className={styles.elsewhere}>
        {new URL(web).host}
        <ExternalLink size={13} aria-hidden />
      </a>
    </Fact>
  );
}
