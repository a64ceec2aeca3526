// A day, past or to come.

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function When({ at }: { at: string }) {
  const date = new Date(at);
  const past = date.getTime() <= Date.now();
  return (
    <time dateTime={at} title={EXACT.format(date)}>
      {past ? `Expired ${DAY.format(date)}` : DAY.format(date)}
    </time>
  );
}
