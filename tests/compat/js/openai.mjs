// What OpenAI's client does in each test: one function a test, from what it is given to what it has seen.

import OpenAI from "openai";
import { local } from "./local.mjs";

const client = ({ base, token, retries = 0 }) => new OpenAI({ baseURL: base, apiKey: token, maxRetries: retries });

const asked = (prompt) => [{ role: "user", content: prompt }];

export async function chat({ model, prompt, ...server }) {
  return client(server).chat.completions.create({ model, messages: asked(prompt) });
}

export async function streamed({ model, prompt, ...server }) {
  const stream = await client(server).chat.completions.create({
    model,
    messages: asked(prompt),
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

export async function helped({ model, prompt, ...server }) {
  const runner = client(server).chat.completions.stream({ model, messages: asked(prompt) });
  const pieces = [];
  runner.on("content", (piece) => pieces.push(piece));
  return { pieces, message: await runner.finalMessage() };
}

export async function left({ model, prompt, ...server }) {
  const stream = await client(server).chat.completions.create({ model, messages: asked(prompt), stream: true });
  for await (const chunk of stream) {
    if (chunk.choices[0].delta.content) return chunk.choices[0].delta.content;
  }
}

export async function embeddings({ model, input, encoding_format, ...server }) {
  return client(server).embeddings.create({ model, input, encoding_format });
}

export async function images({ model, prompt, response_format, ...server }) {
  const { data } = await client(server).images.generate({ model, prompt, response_format });
  const [{ url, b64_json }] = data;
  return url ? await (await local(server.base)(url)).text() : Buffer.from(b64_json, "base64").toString();
}

export async function responses({ model, prompt, ...server }) {
  const { output_text, status } = await client(server).responses.create({ model, input: prompt });
  return { output_text, status };
}

export async function responded({ model, prompt, ...server }) {
  const events = [];
  for await (const event of await client(server).responses.create({ model, input: prompt, stream: true })) {
    events.push({ type: event.type, delta: event.delta });
  }
  return events;
}

export async function models(server) {
  const ids = [];
  for await (const model of client(server).models.list()) ids.push(model.id);
  return ids;
}

export async function model({ model, ...server }) {
  return client(server).models.retrieve(model);
}
