// What the scripts for Node share: what play.py is to those for Python. The packages are
// installed beside it.
import { readFileSync, writeFileSync } from "node:fs";

const setup = JSON.parse(process.argv[2]);
export const BASE = setup.base;
export const OPENAI = BASE + "/v1";
export const KEY = "sk-client";
export const IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const LIMITED = "[[sim status=429 retry-after=2]]";
export const STANDS_STILL = setup.mark + " [[sim hang=30]]";
export const TURNS = 3;
const cases = {};

// add adds a case: f is called with the model's name and all that is said of it.
export function add(name, f, needs) {
  cases[name] = { f, needs };
}

export function check(value, what = "nothing came") {
  if (!value) throw new Error(what);
  return value;
}

export async function raises(kind, f) {
  try {
    await f();
  } catch (e) {
    check(e instanceof kind, `${e.constructor.name}: ${e.message}`);
    return e;
  }
  throw new Error(`no ${kind.name}`);
}

// asks are the words that make the provider call two tools.
export const asks = (turn) => `The weather, time ${turn}? [[sim tools=2]]`;

const late = (ms) => new Promise((_, fail) => setTimeout(() => fail(new Error(`not done after ${ms} ms`)), ms));

async function one(f, model) {
  try {
    await Promise.race([f(model.name, model), late(60_000)]);
    return "ok";
  } catch (e) {
    return `${e.constructor.name}: ${e.message}`.slice(0, 800);
  }
}

// installed is the path of a file of the packages that are installed beside the scripts.
export const installed = (path) => new URL("./node_modules/" + path, import.meta.url).pathname;

export async function play(client, name, api) {
  const played = {};
  for (const [what, { f, needs }] of Object.entries(cases)) {
    const results = (played[api ? `${api} ${what}` : what] = {});
    for (const m of setup.models) {
      if (!(m.lacks ?? []).includes(needs)) results[m.name] = await one(f, m);
    }
  }
  const { version } = JSON.parse(readFileSync(installed(name + "/package.json")));
  writeFileSync(setup.results, JSON.stringify({ client, version, cases: played }));
  process.exit(0); // timers of late are still running
}
