// Claude Code in print mode: it streams, thinks and has some twenty tools.
import { readdirSync } from "node:fs";
import { cli, lines, succeeded } from "./cli.mjs";
import { BASE, IMAGE, KEY, LIMITED, STANDS_STILL, add, check, installed, play } from "./play.mjs";

const system = readdirSync(installed("@anthropic-ai")).find((name) => name.startsWith("claude-code-"));
const claude = cli(installed(`@anthropic-ai/${system}/claude`), {
  ANTHROPIC_BASE_URL: BASE,
  ANTHROPIC_API_KEY: KEY,
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  CLAUDE_CODE_MAX_RETRIES: "0",
  DISABLE_AUTOUPDATER: "1",
});
const SCHEMA = { type: "object", properties: { score: { type: "integer" } }, required: ["score"], additionalProperties: false };
const STREAM = ["--output-format", "stream-json", "--include-partial-messages", "--verbose"];

const args = (model, ...more) => ["-p", "--model", model, "--max-turns", "4", "--allowedTools=Glob", "--no-session-persistence", ...more];
const ask = async (model, prompt, ...more) => JSON.parse(await succeeded(claude(args(model, "--output-format", "json", ...more), { input: prompt })));

const said = (got) => check(!got.is_error && got.result, JSON.stringify(got).slice(0, 400)) && got;

async function fails(status, model, prompt) {
  const { code, stdout } = await claude(args(model, "--output-format", "json"), { input: prompt });
  const got = JSON.parse(stdout);
  check(code !== 0 && got.is_error && got.api_error_status === status, stdout.slice(0, 400));
}

add("text", async (m) => said(await ask(m, "Hello")));
add("text_stream", async (m) => {
  const all = lines(await succeeded(claude(args(m, ...STREAM), { input: "Hello" })));
  check(all.filter((e) => e.event?.delta?.type === "text_delta").length > 1, "no deltas");
  said(all.at(-1));
});
add("tools_stream", async (m) => check(said(await ask(m, "Find it. [[sim tool=Glob]]")).num_turns === 2, "no turn with a tool"));
add("structured", async (m) => {
  const got = await ask(m, "A plan. [[sim tool=StructuredOutput]]", "--json-schema", JSON.stringify(SCHEMA));
  check(Number.isInteger(got.structured_output?.score), JSON.stringify(got).slice(0, 400));
});
add("image", async (m) => {
  const content = [{ type: "text", text: "What?" }, { type: "image", source: { type: "base64", media_type: "image/png", data: IMAGE } }];
  const input = JSON.stringify({ type: "user", message: { role: "user", content } }) + "\n";
  said(lines(await succeeded(claude(args(m, "--input-format", "stream-json", ...STREAM), { input }))).at(-1));
}, "images");
add("cancel", async (m) => {
  const heard = (text, interrupt) => text.includes("content_block_delta") && interrupt();
  const { stdout } = await claude(args(m, ...STREAM), { input: STANDS_STILL, heard });
  check(!lines(stdout).some((e) => e.type === "result" && !e.is_error), "it ended well");
});
add("not_found", () => fails(404, "no-such-model", "x"));
add("limited", (m, { alone }) => fails(429, alone, LIMITED));
await play("Claude Code", "@anthropic-ai/claude-code", "messages");
