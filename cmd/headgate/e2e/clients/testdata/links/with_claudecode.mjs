// Claude Code, without a terminal: it streams, thinks and has some twenty tools.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BASE, KEY, add, check, play } from "./play.mjs";

const home = mkdtempSync(join(tmpdir(), "claude"));
const packages = new URL("../node_modules/@anthropic-ai/", import.meta.url).pathname;
const binary = join(packages, readdirSync(packages).find((name) => name.startsWith("claude-code-")), "claude");
const env = {
  HOME: home,
  PATH: process.env.PATH,
  TERM: "dumb",
  ANTHROPIC_BASE_URL: BASE,
  ANTHROPIC_API_KEY: KEY,
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_AUTOUPDATER: "1",
};

async function run(model, prompt) {
  const args = ["-p", prompt, "--model", model, "--max-turns", "4", "--allowedTools", "Glob", "--output-format", "json"];
  const running = promisify(execFile)(binary, args, { cwd: home, env, timeout: 50_000 });
  running.child.stdin.end();
  const { stdout } = await running;
  const got = JSON.parse(stdout);
  check(!got.is_error && got.result, stdout.slice(0, 400));
  return got;
}

add("text_stream", (m) => run(m, "Hello"));
add("tools_stream", async (m) => check((await run(m, "Find it. [[sim tool=Glob]]")).num_turns === 2, "no turn with a tool"));
await play();
