// Qwen Code, an agent for a terminal that speaks chat completions.
import { cli, succeeded } from "./cli.mjs";
import { KEY, OPENAI, add, check, installed, play } from "./play.mjs";

const qwen = cli(installed(".bin/qwen"), { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: OPENAI });
const args = (model, prompt) => ["--auth-type", "openai", "--openai-base-url", OPENAI, "--openai-api-key", KEY, "-m", model, "-p", prompt];

async function run(model, prompt) {
  const stdout = await succeeded(qwen(args(model, prompt)));
  check(stdout.includes("simulated provider"), stdout.slice(0, 400));
}

add("text_stream", (m) => run(m, "Hello"));
add("tools_stream", (m) => run(m, "Find it. [[sim tool=glob]]"));
await play("Qwen Code", "@qwen-code/qwen-code", "chat");
