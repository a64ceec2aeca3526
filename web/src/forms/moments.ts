// Moments as the API has them (RFC 3339) and as a browser's own fields do (local, without a zone).

/** What a field shows for a value; null where it cannot show it. */
export function toLocal(format: string, value: string): string | null {
  if (format === "date") return /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : null;
  if (format === "time") return /^\d{2}:\d{2}(:\d{2})?$/.test(value) ? value : null;
  if (!/^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}/.test(value)) return null;
  const zoned = /([Zz]|[+-]\d{2}:?\d{2})$/.test(value);
  if (!zoned) return value.slice(0, 19).replace(" ", "T");
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return null;
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** What a field's text is to the API: with seconds, and with the zone that it has at that moment. */
export function fromLocal(format: string, text: string): string {
  if (format === "date") return text;
  const full = /(^|T)\d{2}:\d{2}$/.test(text) ? `${text}:00` : text;
  return format === "time" ? full : full + zone(-new Date(full).getTimezoneOffset());
}

function zone(minutes: number): string {
  if (minutes === 0) return "Z";
  const two = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}
