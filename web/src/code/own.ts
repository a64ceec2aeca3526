// Samples for this server's own interface: curl, Python, JavaScript, and its command line.

import type { Json } from "@/forms/json";
import { literal, quoted, shellWord } from "./literals";
import { type Asked, lines, type Way } from "./ways";

/** Characters that are safe as one argument of a command. */
const ARGUMENT = 60_000;

export function curl(asked: Asked): Way {
  return {
    id: "curl",
    name: "curl",
    install: null,
    note: "The request is held until the prediction has ended, for a minute at most. One that takes longer is answered unfinished; ask for it again at /v1/predictions and its id.",
    samples: () => [
      { title: "Wait for the output", language: "shell", text: curled(asked, false) },
      ...(asked.stream
        ? [{ title: "Stream the output", language: "shell" as const, text: curled(asked, true) }]
        : []),
    ],
  };
}

function curled(asked: Asked, stream: boolean): string {
  const body = literal(bodyOf(asked, stream), "json");
  const argument = shellWord(body);
  const short = argument.length <= ARGUMENT;
  return lines(
    `curl -sS${stream ? "N" : ""} ${shellWord(`${asked.origin}/v1/predictions`)} \\`,
    `  -H "Authorization: Bearer $AUGURY_TOKEN" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -H "Prefer: wait" \\`,
    short ? `  -d ${argument}` : `  --data-binary @- <<'JSON'\n${body}\nJSON`,
  );
}

function bodyOf(asked: Asked, stream: boolean): Json {
  return { model: asked.model, input: asked.input, ...(stream ? { stream: true } : {}) };
}

export function python(asked: Asked): Way {
  const head = [
    "import os",
    "",
    "from wriftai import Client",
    "",
    `client = Client(access_token=os.environ["AUGURY_TOKEN"], api_base_url=${quoted(`${asked.origin}/v1`)})`,
  ];
  const call = (name: string, stream: boolean) =>
    lines(
      ...head,
      `${name} = client.predictions.create(`,
      `    model=${quoted(asked.model)},`,
      `    input=${literal(asked.input, "python", "    ")},`,
      "    wait=True,",
      stream && "    stream=True,",
      ")",
    );
  return {
    id: "python",
    name: "Python",
    install: "pip install wriftai",
    note: null,
    samples: () => [
      {
        title: "Wait for the output",
        language: "python",
        text: lines(call("prediction", false), `print(prediction["output"])`),
      },
      ...(asked.stream
        ? [
            {
              title: "Stream the output",
              language: "python" as const,
              text: lines(
                call("events", true),
                "for event in events:",
                `    if event["event"] == "output":`,
                asked.text
                  ? `        print(event["data"], end="", flush=True)`
                  : `        print(event["data"], flush=True)`,
                `    elif event["event"] == "error":`,
                `        raise RuntimeError(event["data"]["message"])`,
              ),
            },
          ]
        : []),
    ],
  };
}

export function javascript(asked: Asked): Way {
  return {
    id: "javascript",
    name: "JavaScript",
    install: null,
    note: "For Node 18 or newer; save it as a file that ends with .mjs. It needs no package.",
    samples: () => [
      { title: "Wait for the output", language: "javascript", text: fetched(asked) },
      ...(asked.stream
        ? [{ title: "Stream the output", language: "javascript" as const, text: read(asked) }]
        : []),
    ],
  };
}

function posted(asked: Asked, stream: boolean): string {
  return lines(
    `const url = ${quoted(`${asked.origin}/v1/predictions`)};`,
    `const headers = { Authorization: \`Bearer \${process.env.AUGURY_TOKEN}\` };`,
    "const response = await fetch(url, {",
    `  method: "POST",`,
    `  headers: { ...headers, "Content-Type": "application/json", Prefer: "wait" },`,
    "  body: JSON.stringify({",
    `    model: ${quoted(asked.model)},`,
    `    input: ${literal(asked.input, "javascript", "    ")},`,
    stream && "    stream: true,",
    "  }),",
    "});",
    "if (!response.ok) throw new Error(await response.text());",
  );
}

function fetched(asked: Asked): string {
  return lines(
    posted(asked, false),
    "",
    "let prediction = await response.json();",
    `while (["pending", "starting", "started"].includes(prediction.status)) {`,
    "  await new Promise((resolve) => setTimeout(resolve, 1000));",
    `  prediction = await (await fetch(\`\${url}/\${prediction.id}\`, { headers })).json();`,
    "}",
    "console.log(prediction.output);",
  );
}

function read(asked: Asked): string {
  return lines(
    posted(asked, true),
    "",
    `let rest = "";`,
    "for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {",
    `  const events = (rest + piece).split("\\n\\n");`,
    "  rest = events.pop();",
    "  for (const event of events) {",
    "    const [, name] = /^event: (.*)$/m.exec(event) ?? [];",
    "    const [, data] = /^data: (.*)$/m.exec(event) ?? [];",
    asked.text
      ? `    if (name === "output") process.stdout.write(JSON.parse(data));`
      : `    if (name === "output") console.log(JSON.parse(data));`,
    `    if (name === "error") throw new Error(JSON.parse(data).message);`,
    "  }",
    "}",
  );
}

export function commandLine(asked: Asked): Way {
  return {
    id: "augury",
    name: "augury",
    install: null,
    note: "A file of yours goes in by its path: -i image=@photo.jpg",
    samples: () => [
      { title: "Wait for the output", language: "shell", text: commanded(asked, false) },
      ...(asked.stream
        ? [{ title: "Stream the output", language: "shell" as const, text: commanded(asked, true) }]
        : []),
    ],
  };
}

function commanded(asked: Asked, stream: boolean): string {
  const inputs = Object.entries(asked.input).map(
    ([name, value]) => `  -i ${shellWord(`${name}=${given(value)}`)}`,
  );
  return [
    `export AUGURY_URL=${shellWord(asked.origin)}`,
    [`augury predict ${shellWord(asked.model)}${stream ? " --stream" : ""}`, ...inputs].join(" \\\n"),
  ].join("\n");
}

/** A value as the command line takes it: JSON, or a text as it is where it reads as nothing else. */
function given(value: Json): string {
  const compact = typeof value === "string" ? quoted(value) : JSON.stringify(value, null, 0);
  return typeof value === "string" && isPlain(value) && compact === `"${value}"` ? value : compact;
}

function isPlain(text: string): boolean {
  if (text.trim() === "" || text.startsWith("@")) return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}
