// Anthropic's client for Node, with its runner of tools and its helpers for Zod.
import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { z } from "zod";
import { BASE, IMAGE, KEY, LIMITED, STANDS_STILL, TURNS, add, asks, check, play, raises } from "./play.mjs";

const client = new Anthropic({ baseURL: BASE, apiKey: KEY, maxRetries: 0, timeout: 20_000 });
const AGENT = { temperature: 0, max_tokens: 6000 };
const Step = z.object({ explanation: z.string().min(1), output: z.number().optional(), kind: z.enum(["a", "b"]) });
const Plan = z.object({ steps: z.array(Step), score: z.number().int().min(0).max(10) });
const WEATHER = {
  name: "get_weather",
  description: "Tells the weather.",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const RUNS = betaZodTool({ name: "get_weather", description: "Tells the weather.", inputSchema: z.object({ city: z.string() }), run: () => "sunny" });
const PICTURE = { type: "image", source: { type: "base64", media_type: "image/png", data: IMAGE } };

const user = (content) => [{ role: "user", content }];
const ask = (model, content = "Hello") => client.messages.create({ model, messages: user(content), system: "Be brief.", ...AGENT });
const said = (m) => check(m.content.filter((b) => b.type === "text").map((b) => b.text).join(""));

const loop = (stream, more) => async (model) => {
  const messages = [];
  for (let turn = 0; turn < TURNS; turn++) {
    messages.push(...user(asks(turn)));
    for (let step = 0; step < 2; step++) {
      const params = { model, messages, tools: [WEATHER], ...AGENT, ...more };
      const got = await (stream ? client.messages.stream(params).finalMessage() : client.messages.create(params));
      messages.push({ role: "assistant", content: got.content });
      const calls = got.content.filter((b) => b.type === "tool_use");
      if (calls.length) messages.push(...user(calls.map((c) => ({ type: "tool_result", tool_use_id: c.id, content: "sunny" }))));
      else said(got);
    }
  }
  check(messages.length === TURNS * 4, `${messages.length} messages`);
};

add("text", async (m) => said(await ask(m)));
add("text_stream", async (m) => said(await client.messages.stream({ model: m, messages: user("Hello"), ...AGENT }).finalMessage()));
add("tools", loop(false));
add("tools_stream", loop(true));
add("thinking", loop(false, { thinking: { type: "enabled", budget_tokens: 1024 } }));
add("thinking_stream", loop(true, { thinking: { type: "adaptive" } }));
add("runner", async (m) => said(await client.beta.messages.toolRunner({ model: m, max_tokens: 6000, messages: user(asks(0)), tools: [RUNS] })), "threads");
add("structured", async (m) => {
  const format = zodOutputFormat(Plan);
  check((await client.messages.parse({ model: m, max_tokens: 6000, messages: user("A plan."), output_config: { format } })).parsed_output);
}, "schemas");
add("image", async (m) => said(await ask(m, [PICTURE, { type: "text", text: "What?" }])), "images");
add("not_found", () => raises(Anthropic.NotFoundError, () => ask("no-such-model")));
add("limited", async (m, { alone }) => {
  const e = await raises(Anthropic.RateLimitError, () => ask(alone, LIMITED));
  check(e.headers.get("retry-after") === "2", "no retry-after");
});
add("cancel", async (m) => {
  const stream = client.messages.stream({ model: m, messages: user(STANDS_STILL), ...AGENT });
  for await (const event of stream) if (event.type === "content_block_delta") break;
});
await play("Anthropic SDK for Node", "@anthropic-ai/sdk", "messages");
