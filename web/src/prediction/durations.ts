// The durations of the API, such as PT1.5S, in seconds.

/** Seconds; null where there is no duration. */
export function secondsOf(duration: string | null | undefined): number | null {
  const found = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(duration ?? "");
  if (found === null) return null;
  const [, hours = "0", minutes = "0", rest = "0"] = found;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
}
