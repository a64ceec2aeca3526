// What went wrong, as a person is told: the API's own sentence, and what to do about it.

/** One thing that is wrong in a request: `loc` is where, such as ["body", "input", "times"]. */
export interface Place {
  loc: (string | number)[];
  msg: string;
  type: string;
}

/** An answer of the API that is no success, or none at all (`status` 0). */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly hint: string | null = null,
    readonly places: Place[] = [],
    readonly requestId: string | null = null,
  ) {
    super(message);
  }

  /** Whether there was no answer: the server is away, or the network is. */
  get offline(): boolean {
    return this.status === 0;
  }
}

/** The Problem that an answer's body tells of. */
export function problemOf(response: Response, body: unknown): Problem {
  const requestId = response.headers.get("x-request-id");
  const told = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  if (Array.isArray(told.detail)) {
    const places = told.detail as Place[];
    const message = places.map((place) => sentence(place)).join(" ");
    return new Problem(message, response.status, places[0]?.type ?? "invalid", null, places, requestId);
  }
  const message =
    typeof told.detail === "string" ? told.detail : `The server answered with ${response.status}.`;
  const code = typeof told.code === "string" ? told.code : `http_${response.status}`;
  return new Problem(
    message,
    response.status,
    code,
    typeof told.hint === "string" ? told.hint : null,
    [],
    requestId,
  );
}

/** The Problem that there was no answer. */
export function unreachable(error: unknown): Problem {
  const reason = error instanceof Error ? error.message : String(error);
  return new Problem("The server does not answer.", 0, "unreachable", `It may be restarting. (${reason})`);
}

function sentence(place: Place): string {
  const where = place.loc.filter((part) => part !== "body" && part !== "query").join(".");
  return where === "" ? place.msg : `${where}: ${place.msg}`;
}
