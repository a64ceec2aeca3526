// Bytes of an event stream to its events, however they were cut on the way.

export interface ServerEvent {
  id: string;
  event: string;
  data: string;
}

/** Takes text as it comes, and gives the events that are complete with it. */
export class Frames {
  private waiting = "";

  push(text: string): ServerEvent[] {
    // The end of a frame may be cut in two: what was there already is not searched again but for its last character.
    let from = Math.max(0, this.waiting.length - 1);
    this.waiting += text;
    const found: ServerEvent[] = [];
    let begin = 0;
    for (let end = this.waiting.indexOf("\n\n", from); end >= 0; end = this.waiting.indexOf("\n\n", from)) {
      const event = eventOf(this.waiting.slice(begin, end));
      if (event !== null) found.push(event);
      begin = end + 2;
      from = begin;
    }
    if (begin > 0) this.waiting = this.waiting.slice(begin);
    return found;
  }
}

function eventOf(frame: string): ServerEvent | null {
  let id = "";
  let event = "message";
  const data: string[] = [];
  for (const line of frame.split("\n")) {
    if (line.startsWith("id: ")) id = line.slice(4);
    else if (line.startsWith("event: ")) event = line.slice(7);
    else if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  return data.length === 0 ? null : { id, event, data: data.join("\n") };
}
