// One's tokens: what they may, when they were used, until when they are valid; made and revoked.

import { useQueryClient } from "@tanstack/react-query";
import { api, ask, type Shapes } from "@/api/client";
import { Ask } from "@/ui/ask";
import { Empty } from "@/ui/empty";
import { type Column, Table } from "@/ui/table";
import { Ago, useNow } from "@/ui/time";
import { Listed } from "./listed";
import { NewToken } from "./new-token";
import { usePages } from "./pages";
import { SCOPES } from "./scopes";
import styles from "./settings.module.css";
import { When } from "./when";

type Token = Shapes["Token"];

export function Tokens() {
  const { query, items } = usePages<Token>(["tokens"], (place, signal) =>
    ask(api.GET("/v1/tokens", { params: { query: place }, signal })),
  );
  const now = useNow(60_000);
  const over = (token: Token) =>
    token.revoked_at !== null || (token.expires_at !== null && Date.parse(token.expires_at) <= now);
  return (
    <section className={styles.part} aria-label="Tokens">
      <div className={styles.head}>
        <p className={styles.lead}>
          A token lets a program act as you. Give each its own, with no more than it needs, so that you can
          take back one without the others.
        </p>
        <NewToken />
      </div>
      <Listed
        query={query}
        count={items.length}
        empty={<Empty title="No tokens yet">Make one for each program that is to use the API as you.</Empty>}
      >
        <Table label="Your tokens" columns={COLUMNS} rows={items} keyOf={(token) => token.id} faded={over} />
      </Listed>
    </section>
  );
}

const COLUMNS: readonly Column<Token>[] = [
  { head: "Name", cell: (token) => <span className={styles.main}>{token.name}</span> },
  { head: "May", cell: (token) => <Scopes scopes={token.scopes} /> },
  { head: "Last used", cell: (token) => <Used at={token.last_used_at} /> },
  { head: "Made", cell: (token) => <Ago at={token.created_at} /> },
  { head: "Expires", cell: (token) => <Expires token={token} /> },
  { head: "Actions", actions: true, cell: (token) => <Revoke token={token} /> },
];

function Scopes({ scopes }: { scopes: Token["scopes"] }) {
  const widest = SCOPES.findLast(([scope]) => scopes.includes(scope));
  return (
    <>
      {widest?.[1] ?? "Nothing"} <code className={styles.small}>{scopes.join(", ")}</code>
    </>
  );
}

function Used({ at }: { at: string | null }) {
  return at === null ? <span className={styles.none}>Never</span> : <Ago at={at} />;
}

function Expires({ token }: { token: Token }) {
  if (token.revoked_at !== null) {
    return (
      <>
        Revoked <Ago at={token.revoked_at} />
      </>
    );
  }
  return token.expires_at === null ? (
    <span className={styles.none}>Never</span>
  ) : (
    <When at={token.expires_at} />
  );
}

function Revoke({ token }: { token: Token }) {
  const queries = useQueryClient();
  const revoke = async () => {
    await ask(api.DELETE("/v1/tokens/{token_id}", { params: { path: { token_id: token.id } } }));
    await queries.invalidateQueries({ queryKey: ["tokens"] });
  };
  if (token.revoked_at !== null) return null;
  return (
    <Ask verb="Revoke" label={`Revoke ${token.name}`} question={`Revoke ${token.name}?`} onConfirm={revoke}>
      Whatever uses this token is refused from now on, and sessions that were opened with it end. This cannot
      be taken back.
    </Ask>
  );
}
