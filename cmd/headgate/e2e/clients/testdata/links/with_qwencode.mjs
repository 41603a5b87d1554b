// Qwen Code, an agent for a terminal that speaks chat completions.
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { KEY, OPENAI, add, check, play } from "./play.mjs";

const home = mkdtempSync(join(tmpdir(), "qwen"));
const binary = new URL("../node_modules/.bin/qwen", import.meta.url).pathname;
const env = { HOME: home, PATH: process.env.PATH, TERM: "dumb", OPENAI_API_KEY: KEY, OPENAI_BASE_URL: OPENAI };

async function run(model, prompt) {
  const args = ["--auth-type", "openai", "--openai-base-url", OPENAI, "--openai-api-key", KEY, "-m", model, "-p", prompt];
  const running = promisify(execFile)(binary, args, { cwd: home, env: { ...env, OPENAI_MODEL: model }, timeout: 50_000 });
  running.child.stdin.end();
  const { stdout } = await running;
  check(stdout.includes("simulated provider"), stdout.slice(0, 400));
}

add("text_stream", (m) => run(m, "Hello"));
add("tools_stream", (m) => run(m, "Find it. [[sim tool=glob]]"));
await play();
