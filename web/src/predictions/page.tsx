// The page with the list of predictions, live and filtered.

import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useRef } from "react";
import { Problem } from "@/api/problem";
import { useSession } from "@/app/session";
import { SignedIn } from "@/app/signed-in";
import { Button } from "@/ui/button";
import { Empty } from "@/ui/empty";
import { Loading } from "@/ui/loading";
import { Page } from "@/ui/page";
import { ProblemNote } from "@/ui/problem-note";
import { FilterBar } from "./filter-bar";
import { type Filters, filtersOf, isFiltered, searchOf } from "./filters";
import { Grid } from "./grid";
import { useList, type View } from "./list";
import styles from "./list.module.css";

export function PredictionsPage() {
  return (
    <Page title="Predictions">
      <SignedIn what="your predictions">
        <Listing />
      </SignedIn>
    </Page>
  );
}

function Listing() {
  const search = useSearch({ from: "/predictions" });
  const filters = useMemo(() => filtersOf(search), [search]);
  const navigate = useNavigate({ from: "/predictions" });
  const admin = useSession()?.admin === true;
  const view = useRef<View>({ rows: [], reading: false });
  const { list, rows, waiting, more, show } = useList(filters, view);
  const change = useCallback(
    (to: Filters) => void navigate({ search: searchOf(to), replace: true, resetScroll: false }),
    [navigate],
  );
  const aboutModel = filters.model !== null && isAboutInput(list.error) ? list.error : null;
  return (
    <>
      <FilterBar filters={filters} admin={admin} wrong={aboutModel?.message} onChange={change} />
      {list.isPending && <Loading lines={8} />}
      {list.isError && list.data === undefined && aboutModel === null && (
        <ProblemNote
          error={list.error}
          actions={<Button onClick={() => void list.refetch()}>Try again</Button>}
        />
      )}
      {list.isSuccess && rows.length === 0 && <Nothing filters={filters} onChange={change} />}
      {rows.length > 0 && (
        <div className={styles.list}>
          <Fresh count={waiting} more={more} onShow={show} />
          <Grid
            rows={rows}
            view={view}
            more={list.hasNextPage && !list.isFetchNextPageError}
            onMore={() => {
              if (!list.isFetchingNextPage) void list.fetchNextPage({ cancelRefetch: false });
            }}
            stale={list.isPlaceholderData}
          />
          <Foot list={list} />
        </div>
      )}
    </>
  );
}

/** Whether the server does not take what was typed as a filter. */
function isAboutInput(error: unknown): error is Problem {
  return error instanceof Problem && (error.status === 404 || error.status === 422);
}

/** What came while the reader was further down. */
function Fresh({ count, more, onShow }: { count: number; more: boolean; onShow: () => void }) {
  const go = () => {
    onShow();
    window.scrollTo({ top: 0 });
  };
  return (
    <div className={styles.fresh} role="status">
      {count > 0 && (
        <Button kind="primary" onClick={go}>
          {more ? `More than ${count}` : count} new
        </Button>
      )}
    </div>
  );
}

function Foot({ list }: { list: ReturnType<typeof useList>["list"] }) {
  if (list.isFetchNextPageError) {
    return (
      <ProblemNote
        error={list.error}
        actions={<Button onClick={() => void list.fetchNextPage()}>Try again</Button>}
      />
    );
  }
  const words = list.hasNextPage ? "Reading on…" : "That is all.";
  return <p className={styles.foot}>{words}</p>;
}

function Nothing({ filters, onChange }: { filters: Filters; onChange: (filters: Filters) => void }) {
  if (isFiltered(filters)) {
    const clear = () => onChange({ ...filters, statuses: [], model: null, since: null });
    return (
      <Empty title="Nothing fits" actions={<Button onClick={clear}>Clear the filters</Button>}>
        No prediction is as the filters say. New ones that are show up here by themselves.
      </Empty>
    );
  }
  return (
    <Empty title="No predictions yet" actions={<Link to="/">To the models</Link>}>
      Run a model, here or from code, and what comes of it is listed here.
    </Empty>
  );
}
