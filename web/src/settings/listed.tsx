// What is around each list of the settings: loading, failed, empty, more to read.

import type { ReactNode } from "react";
import { Button } from "@/ui/button";
import { Loading } from "@/ui/loading";
import { ProblemNote } from "@/ui/problem-note";

interface Query {
  isPending: boolean;
  error: Error | null;
  refetch: () => Promise<unknown>;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
}

interface Props {
  query: Query;
  count: number;
  empty: ReactNode;
  children: ReactNode;
}

export function Listed({ query, count, empty, children }: Props) {
  if (query.isPending) return <Loading lines={4} />;
  return (
    <>
      {query.error !== null && (
        <ProblemNote
          error={query.error}
          actions={<Button onClick={() => void query.refetch()}>Try again</Button>}
        />
      )}
      {count > 0 && children}
      {count === 0 && query.error === null && empty}
      {query.hasNextPage && (
        <div>
          <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}
