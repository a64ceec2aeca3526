// One call by a client of npm's: node call.mjs openai chat '{"base": ..., "token": ..., ...}' prints its answer as JSON,
// or what was thrown. Knows no model.

import * as openai from "./openai.mjs";
import * as replicate from "./replicate.mjs";

const [provider, name, given] = process.argv.slice(2);
const calls = { openai, replicate }[provider];

try {
  console.log(JSON.stringify({ answer: (await calls[name](JSON.parse(given))) ?? null }));
} catch (error) {
  const { status, code, param, type } = error;
  const name = error.constructor.name;
  const seen = error.response?.status;
  console.log(JSON.stringify({ error: { name, message: String(error.message), status: status ?? seen, code, param, type } }));
}
