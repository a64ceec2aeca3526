// The tab "Versions": all of them, everything about the chosen one, and what it changed.

import { useInfiniteQuery } from "@tanstack/react-query";
import { versions as versionsOf } from "@/api/queries";
import { Button } from "@/ui/button";
import { Loading } from "@/ui/loading";
import { ProblemNote } from "@/ui/problem-note";
import { Comparison } from "./comparison";
import { useModelVersion } from "./hooks";
import { VersionDetails } from "./version-details";
import { VersionList } from "./version-list";
import styles from "./versions.module.css";

export function VersionsPage() {
  const { owner, name, version } = useModelVersion();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    versionsOf(owner, name),
  );
  if (data === undefined) {
    if (error === null) return <Loading lines={6} />;
    return <ProblemNote error={error} actions={<Button onClick={() => void refetch()}>Try again</Button>} />;
  }
  const all = data.pages.flatMap((page) => page.items);
  return (
    <div className={styles.columns}>
      <VersionList
        versions={all}
        more={hasNextPage ? () => void fetchNextPage() : null}
        busy={isFetchingNextPage}
      />
      <div className={styles.one}>
        <VersionDetails key={version.number} />
        {(all.length > 1 || hasNextPage) && <Comparison numbers={all.map((one) => one.number)} />}
      </div>
    </div>
  );
}
