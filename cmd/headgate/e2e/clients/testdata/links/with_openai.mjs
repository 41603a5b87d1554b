// OpenAI's client for Node, with its runner of tools and its helpers for Zod.
import OpenAI from "openai";
import { zodFunction, zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { IMAGE, KEY, LIMITED, OPENAI, STANDS_STILL, TURNS, add, asks, check, play, raises } from "./play.mjs";

const client = new OpenAI({ baseURL: OPENAI, apiKey: KEY, maxRetries: 0, timeout: 20_000 });
const AGENT = { temperature: 0, max_tokens: 4096 };
const Step = z.object({ explanation: z.string().min(1), output: z.number().nullable(), kind: z.enum(["a", "b"]) });
const Plan = z.object({ steps: z.array(Step), score: z.number().int().min(0).max(10) });
const WEATHER = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Tells the weather.",
    parse: JSON.parse,
    function: () => "sunny",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

const user = (content) => [{ role: "user", content }];
const ask = (model, content = "Hello", more = AGENT) => client.chat.completions.create({ model, messages: user(content), ...more });
const said = async (answer) => check((await answer).choices[0].message.content);

const loop = (stream) => async (model) => {
  let messages = [];
  for (let turn = 0; turn < TURNS; turn++) {
    messages.push(...user(asks(turn)));
    const run = client.chat.completions.runTools({ model, messages, stream, tools: [WEATHER], ...AGENT });
    check(await run.finalContent());
    messages = [...run.messages];
  }
  check(messages.length === TURNS * 5, `${messages.length} messages`);
};

const plan = (model) => ({ model, messages: user("A plan."), response_format: zodResponseFormat(Plan, "plan") });

add("text", (m) => said(ask(m)));
add("text_stream", async (m) => {
  const stream = client.chat.completions.stream({ model: m, messages: user("Hello"), stream_options: { include_usage: true }, ...AGENT });
  check(await stream.finalContent());
  check((await stream.totalUsage()).completion_tokens);
});
add("tools", loop(false));
add("tools_stream", loop(true));
add("strict_tool", async (m) => {
  const tools = [zodFunction({ name: "plan", parameters: Plan })];
  const got = await client.chat.completions.parse({ model: m, messages: user("A plan. [[sim tools=1]]"), tools });
  check(got.choices[0].message.tool_calls[0].function.parsed_arguments);
});
add("structured", async (m) => check((await client.chat.completions.parse(plan(m))).choices[0].message.parsed), "schemas");
add("structured_stream", async (m) => check((await client.chat.completions.stream(plan(m)).finalChatCompletion()).choices[0].message.parsed), "schemas");
add("image", (m) => said(ask(m, [{ type: "text", text: "What?" }, { type: "image_url", image_url: { url: "data:image/png;base64," + IMAGE } }])), "images");
add("not_found", () => raises(OpenAI.NotFoundError, () => ask("no-such-model")));
add("limited", async (m, { alone }) => {
  const e = await raises(OpenAI.RateLimitError, () => ask(alone, LIMITED));
  check(e.headers.get("retry-after") === "2", "no retry-after");
});
add("cancel", async (m) => {
  const stream = await ask(m, STANDS_STILL, { stream: true });
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
});
await play("OpenAI SDK for Node", "openai", "chat");
