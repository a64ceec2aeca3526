// What Replicate's client does in each test: one function a test, from what it is given to what it has seen.

import Replicate from "replicate";
import { local } from "./local.mjs";

const client = ({ base, token }) => new Replicate({ baseUrl: base, auth: token, fetch: local(base) });

export async function run({ model, input, ...server }) {
  return client(server).run(model, { input });
}

export async function polled({ model, input, ...server }) {
  const seen = [];
  const output = await client(server).run(model, { input, wait: { mode: "poll", interval: 20 } }, (one) => {
    seen.push(one.status);
  });
  return { output, seen };
}

export async function stream({ model, input, ...server }) {
  const events = [];
  for await (const { event, data } of client(server).stream(model, { input })) events.push({ event, data });
  return events;
}

export async function file({ model, input, ...server }) {
  const output = await client(server).run(model, { input });
  return { url: String(output.url()), text: await (await output.blob()).text() };
}

export async function upload({ model, text, ...server }) {
  return client(server).run(model, { input: { page: Buffer.from(text) } });
}

export async function life({ model, input, ...server }) {
  const replicate = client(server);
  const made = await replicate.predictions.create({ model, input });
  const ended = await replicate.wait(made, { interval: 20 });
  const found = await replicate.predictions.get(made.id);
  const listed = [];
  for await (const page of replicate.paginate(replicate.predictions.list)) listed.push(...page.map(({ id }) => id));
  return { made, ended, found, listed };
}

export async function cancelled({ model, input, ...server }) {
  const replicate = client(server);
  const { id } = await replicate.predictions.create({ model, input });
  await replicate.predictions.cancel(id);
  return replicate.wait(await replicate.predictions.get(id), { interval: 20 });
}

export async function versions({ owner, name, ...server }) {
  const replicate = client(server);
  const { latest_version } = await replicate.models.get(owner, name);
  const { results } = await replicate.models.versions.list(owner, name);
  const { id, openapi_schema } = await replicate.models.versions.get(owner, name, latest_version.id);
  return { latest: latest_version.id, ids: results.map((one) => one.id), id, schema: openapi_schema };
}
