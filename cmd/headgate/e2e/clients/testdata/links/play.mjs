// What the scripts for Node share: what play.py is to those for Python.
import { writeFileSync } from "node:fs";

const setup = JSON.parse(process.argv[2]);
export const BASE = setup.base;
export const OPENAI = BASE + "/v1";
export const KEY = "sk-client";
export const IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const LIMITED = "[[sim status=429 retry-after=2]]";
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

export async function play() {
  const results = {};
  for (const [name, { f, needs }] of Object.entries(cases)) {
    results[name] = {};
    for (const m of setup.models) {
      if (!(m.lacks ?? []).includes(needs)) results[name][m.name] = await one(f, m);
    }
  }
  writeFileSync(setup.results, JSON.stringify(results));
  process.exit(0); // timers of late are still running
}
