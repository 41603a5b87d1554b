// Codex CLI without a terminal. It speaks Responses, with tools of its own kinds.
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cli, home, lines, succeeded } from "./cli.mjs";
import { IMAGE, KEY, LIMITED, OPENAI, STANDS_STILL, add, check, installed, play } from "./play.mjs";

const system = installed("@openai/" + readdirSync(installed("@openai")).find((name) => name.startsWith("codex-")) + "/vendor");
const codex = cli(join(system, readdirSync(system)[0], "bin", "codex"), { CODEX_API_KEY: KEY, RUST_LOG: "codex_api::sse=trace" });
const SETTINGS = { openai_base_url: OPENAI, check_for_update_on_startup: false, "analytics.enabled": false, "otel.exporter": "none" };
const SCHEMA = { type: "object", properties: { score: { type: "integer" } }, required: ["score"], additionalProperties: false };
const picture = join(home, "picture.png");
const schema = join(home, "schema.json");
writeFileSync(picture, Buffer.from(IMAGE, "base64"));
writeFileSync(schema, JSON.stringify(SCHEMA));

const settings = Object.entries(SETTINGS).flatMap(([key, value]) => ["-c", `${key}=${JSON.stringify(value)}`]);
const args = (model, ...more) => ["exec", ...settings, "-m", model, "--skip-git-repo-check", "--ephemeral", "--json", ...more];
const ask = async (model, prompt, ...more) => lines(await succeeded(codex(args(model, ...more), { input: prompt })));

// said is the text of the last message of a turn that was completed.
function said(events) {
  const done = events.find((e) => e.type === "turn.completed");
  check(done?.usage.output_tokens, JSON.stringify(events).slice(-400));
  return check(events.findLast((e) => e.item?.type === "agent_message")?.item.text, "no message");
}

async function fails(words, model, prompt) {
  const { code, stdout } = await codex(args(model), { input: prompt });
  check(code !== 0 && lines(stdout).some((e) => e.type === "turn.failed" && e.error.message.includes(words)), stdout.slice(-600));
}

const ran = (events) => events.some((e) => e.type === "item.completed" && e.item.type === "command_execution");

add("text_stream", async (m) => said(await ask(m, "Hello")));
add("tools_stream", async (m) => {
  const events = await ask(m, "Look. [[sim tool=exec_command]]");
  said(events);
  check(ran(events), JSON.stringify(events).slice(-400));
});
// The newest models that it knows get their tools in namespaces, in an item of the input.
add("known_stream", async (m, { gpt }) => {
  said(await ask(gpt, "Hello"));
  said(await ask(gpt, "Look. [[sim tool=list_agents]]"));
  said(await ask(gpt, "Run it. [[sim tool=exec]]"));
});
add("structured_stream", async (m) => check(Number.isInteger(JSON.parse(said(await ask(m, "A plan.", "--output-schema", schema))).score)), "schemas");
add("image", async (m) => said(await ask(m, "What?", "-i", picture)), "images");
add("cancel", async (m) => {
  const heard = (text, interrupt) => text.includes("_text.delta") && interrupt();
  const { stdout } = await codex(args(m), { input: STANDS_STILL, heard });
  check(!lines(stdout).some((e) => e.type === "turn.completed"), "it ended well");
});
add("not_found", () => fails("is not served by this gateway", "no-such-model", "x"));
add("limited", (m, { alone }) => fails("429", alone, LIMITED));
await play("Codex CLI", "@openai/codex", "responses");
