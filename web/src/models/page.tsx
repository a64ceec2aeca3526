// The list of models, the first page: search, filters, and a card for each.

import { Button } from "@/ui/button";
import { Loading } from "@/ui/loading";
import { More } from "@/ui/more";
import { Page } from "@/ui/page";
import { ProblemNote } from "@/ui/problem-note";
import { Cards } from "./cards";
import { type List, useList } from "./list";
import { NothingFits, NothingYet } from "./none";
import styles from "./page.module.css";
import { useModelsSearch } from "./search";
import { Toolbar } from "./toolbar";

export function ModelsPage() {
  const { search, change } = useModelsSearch();
  const list = useList(search);
  const ready = !list.loading && (list.error === null || list.own.length + list.others.length > 0);
  return (
    <Page title="Models">
      <div className={styles.body}>
        {!(ready && list.nothing) && <Toolbar search={search} change={change} />}
        {list.loading && <Loading lines={6} />}
        {!list.loading && list.error !== null && (
          <ProblemNote error={list.error} actions={<Button onClick={list.again}>Try again</Button>} />
        )}
        {ready && <Shown list={list} clear={() => change({ q: "", category: "", status: "" })} />}
      </div>
    </Page>
  );
}

function Shown({ list, clear }: { list: List; clear: () => void }) {
  const { own, others } = list;
  const count = own.length + others.length;
  if (list.nothing) return <NothingYet />;
  return (
    <>
      <p className="visually-hidden" role="status">
        {count === 1 ? "1 model" : `${count} models`}
      </p>
      {own.length > 0 && <Cards models={own} title="Only you see these" />}
      {others.length > 0 && (
        <Cards
          models={others}
          title={own.length > 0 ? "Everyone sees these" : "Models"}
          quiet={own.length === 0}
        />
      )}
      {list.more !== null && <More more={list.more} />}
      {count === 0 && list.more === null && <NothingFits clear={clear} />}
    </>
  );
}
