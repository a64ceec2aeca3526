// Samples for the clients of OpenAI, Anthropic and Replicate, of versions that are offered to them.

import { isObject, type Json, type JsonObject } from "@/forms/json";
import { literal, quoted } from "./literals";
import { type Asked, lines, type Sample, type Way } from "./ways";

const SYSTEM = ["system", "system_prompt", "instructions"];
const LIMIT = ["max_tokens", "max_new_tokens", "max_output_tokens"];
/** What an answer may have at most where the form says nothing: Anthropic's API demands a number. */
const TOKENS = 1024;
// biome-ignore format: a list of names
const CHAT = [
  "temperature", "top_p", "seed", "presence_penalty", "frequency_penalty", "stop", "tools", "tool_choice", "response_format",
];
const RESPONSES = ["temperature", "top_p", "tools", "tool_choice"];
const MESSAGES = ["stop_sequences", "tools", "tool_choice"];
/** What Anthropic's API takes, and newer clients have no arguments for. */
const SAMPLING = ["temperature", "top_p", "top_k"];
const IMAGES = ["n", "size", "quality", "style", "background", "output_format"];

type Arguments = Record<string, Json>;

/** OpenAI's client: a sample for each of its endpoints that the version is offered through; null if there is none. */
export function openai(asked: Asked): Way | null {
  const { compatibilities: offered } = asked;
  const makers = OPENAIS.filter(([name]) => offered[name] === true).map(([, make]) => make);
  if (makers.length === 0) return null;
  const samples = () => makers.flatMap((make) => make(asked));
  return { id: "openai", name: "OpenAI", install: "pip install openai", note: leftOut(asked), samples };
}

const OPENAIS = [
  ["openai_chat_completions", chat],
  ["openai_responses", responses],
  ["openai_embeddings", embeddings],
  ["openai_images_generations", images],
] as const;

const OPENAI = (asked: Asked) => [
  "import os",
  "",
  "from openai import OpenAI",
  "",
  `client = OpenAI(base_url=${quoted(`${asked.origin}/v1`)}, api_key=os.environ["AUGURY_TOKEN"])`,
];

function chat(asked: Asked): Sample[] {
  const given: Arguments = {
    model: asked.model,
    messages: conversation(asked, true),
    ...limited(asked, "max_tokens"),
    ...picked(asked, CHAT),
  };
  const whole = lines(
    ...OPENAI(asked),
    called("answer = client.chat.completions.create", given),
    "print(answer.choices[0].message.content)",
  );
  const streamed = lines(
    ...OPENAI(asked),
    called("stream = client.chat.completions.create", { ...given, stream: true }),
    "for chunk in stream:",
    "    for choice in chunk.choices:",
    `        print(choice.delta.content or "", end="", flush=True)`,
  );
  const both: Sample[] = [{ title: "Chat completion", language: "python", text: whole }];
  if (asked.stream) both.push({ title: "Chat completion, streamed", language: "python", text: streamed });
  return both;
}

function responses(asked: Asked): Sample[] {
  const system = systemOf(asked);
  const given: Arguments = {
    model: asked.model,
    input: conversation(asked, false),
    ...(system === null ? {} : { instructions: system }),
    ...limited(asked, "max_output_tokens"),
    ...picked(asked, RESPONSES),
  };
  const text = lines(
    ...OPENAI(asked),
    called("response = client.responses.create", given),
    "print(response.output_text)",
  );
  return [{ title: "Response", language: "python", text }];
}

function embeddings(asked: Asked): Sample[] {
  const { texts, text, input } = asked.input;
  const given: Arguments = { model: asked.model, input: texts ?? text ?? input ?? "" };
  const program = lines(
    ...OPENAI(asked),
    called("answer = client.embeddings.create", given),
    "for one in answer.data:",
    "    print(one.index, len(one.embedding), one.embedding[:3])",
  );
  return [{ title: "Embeddings", language: "python", text: program }];
}

function images(asked: Asked): Sample[] {
  const { prompt = "", width, height, size, ...rest } = asked.input;
  const sized = typeof width === "number" && typeof height === "number" ? `${width}x${height}` : size;
  const beside = Object.entries(rest).filter(([name, value]) => value !== null && !IMAGES.includes(name));
  const given: Arguments = {
    model: asked.model,
    prompt,
    ...(typeof sized === "string" ? { size: sized } : {}),
    ...picked(
      asked,
      IMAGES.filter((name) => name !== "size"),
    ),
    ...(beside.length === 0 ? {} : { extra_body: Object.fromEntries(beside) }),
  };
  const text = lines(
    ...OPENAI(asked),
    called("answer = client.images.generate", given),
    "for picture in answer.data:",
    "    print(picture.url)",
  );
  return [{ title: "Image", language: "python", text }];
}

/** Anthropic's client; null where the version is not offered to it. */
export function anthropic(asked: Asked): Way | null {
  if (asked.compatibilities.anthropic_messages !== true) return null;
  return {
    id: "anthropic",
    name: "Anthropic",
    install: "pip install anthropic",
    note: leftOut(asked),
    samples: () => messages(asked),
  };
}

function messages(asked: Asked): Sample[] {
  const system = systemOf(asked);
  const sampling = picked(asked, SAMPLING);
  const given: Arguments = {
    model: asked.model,
    max_tokens: limited(asked, "limit").limit ?? TOKENS,
    ...(system === null ? {} : { system }),
    messages: conversation(asked, false),
    ...picked(asked, MESSAGES),
    ...(Object.keys(sampling).length === 0 ? {} : { extra_body: sampling }),
  };
  const head = [
    "import os",
    "",
    "from anthropic import Anthropic",
    "",
    `client = Anthropic(base_url=${quoted(asked.origin)}, api_key=os.environ["AUGURY_TOKEN"])`,
  ];
  const whole = lines(
    ...head,
    called("message = client.messages.create", given),
    "for block in message.content:",
    `    print(block.text if block.type == "text" else block)`,
  );
  const streamed = lines(
    ...head,
    `${called("with client.messages.stream", given)} as stream:`,
    "    for text in stream.text_stream:",
    `        print(text, end="", flush=True)`,
  );
  const samples: Sample[] = [{ title: "Message", language: "python", text: whole }];
  if (asked.stream) samples.push({ title: "Message, streamed", language: "python", text: streamed });
  return samples;
}

/** Replicate's client, which may run every model. */
export function replicate(asked: Asked): Way {
  const samples = () => runs(asked);
  return { id: "replicate", name: "Replicate", install: "pip install replicate", note: null, samples };
}

function runs(asked: Asked): Sample[] {
  const head = [
    "import os",
    "",
    "import replicate",
    "",
    `client = replicate.Client(api_token=os.environ["AUGURY_TOKEN"], base_url=${quoted(`${asked.origin}/replicate`)})`,
  ];
  const input = `input=${literal(asked.input, "python", "    ")},`;
  const samples: Sample[] = [
    { title: "Wait for the output", language: "python", text: lines(...head, ...ran(asked, input)) },
  ];
  if (asked.stream) {
    const text = lines(...head, ...events(asked, input), `    print(str(event), end="", flush=True)`);
    samples.push({ title: "Stream the output", language: "python", text });
  }
  return samples;
}

// `run` knows versions by their long ids alone; a number is for predictions.create.
function ran(asked: Asked, input: string): string[] {
  if (asked.version === undefined) {
    const output = asked.text ? `"".join(output)` : "output";
    return ["output = client.run(", `    ${quoted(asked.model)},`, `    ${input}`, ")", `print(${output})`];
  }
  const output = asked.text ? `"".join(prediction.output)` : "prediction.output";
  return [...created(asked, input), "prediction.wait()", `print(${output})`];
}

function events(asked: Asked, input: string): string[] {
  if (asked.version !== undefined) return [...created(asked, input), "for event in prediction.stream():"];
  return [
    "events = client.stream(",
    `    ${quoted(asked.model)},`,
    `    ${input}`,
    ")",
    "for event in events:",
  ];
}

function created(asked: Asked, input: string): string[] {
  return [
    "prediction = client.predictions.create(",
    `    version=${quoted(asked.model)},`,
    `    ${input}`,
    ...(asked.stream ? ["    stream=True,"] : []),
    ")",
  ];
}

/** A call with its arguments, one a line. */
function called(what: string, given: Arguments): string {
  const written = Object.entries(given).map(
    ([name, value]) => `    ${name}=${literal(value, "python", "    ")},`,
  );
  return `${what}(\n${written.join("\n")}\n)`;
}

function conversation(asked: Asked, withSystem: boolean): Json[] {
  const { messages, prompt } = asked.input;
  if (Array.isArray(messages)) {
    return withSystem ? messages : messages.filter((one) => !(isObject(one) && one.role === "system"));
  }
  const said: Json = { role: "user", content: typeof prompt === "string" ? prompt : "" };
  const system = systemOf(asked);
  return withSystem && system !== null ? [{ role: "system", content: system }, said] : [said];
}

function systemOf({ input }: Asked): string | null {
  const messages = Array.isArray(input.messages) ? input.messages : [];
  const first = messages.find((one): one is JsonObject => isObject(one) && one.role === "system")?.content;
  const given = [...SYSTEM.map((name) => input[name]), first].find(
    (one) => typeof one === "string" && one !== "",
  );
  return typeof given === "string" ? given : null;
}

function limited({ input }: Asked, name: string): Arguments {
  const limit = LIMIT.map((one) => input[one]).find((one) => typeof one === "number");
  return limit === undefined ? {} : { [name]: limit };
}

function picked({ input }: Asked, names: readonly string[]): Arguments {
  return Object.fromEntries(names.flatMap((name) => (input[name] == null ? [] : [[name, input[name]]])));
}

/** What of the input has no place in such a call, in words. */
function leftOut({ input, compatibilities }: Asked): string | null {
  if (compatibilities.openai_images_generations === true || compatibilities.openai_embeddings === true)
    return null;
  const known = new Set(["messages", "prompt", ...SYSTEM, ...LIMIT, ...CHAT, ...MESSAGES, ...SAMPLING]);
  const others = Object.keys(input).filter((name) => !known.has(name));
  if (others.length === 0) return null;
  return `Without ${others.join(", ")}: this API has no place for that.`;
}
