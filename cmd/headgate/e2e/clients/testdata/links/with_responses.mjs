// OpenAI's client for Node by its Responses API, with its helpers for Zod.
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { IMAGE, KEY, LIMITED, OPENAI, STANDS_STILL, TURNS, add, asks, check, play, raises } from "./play.mjs";

const client = new OpenAI({ baseURL: OPENAI, apiKey: KEY, maxRetries: 0, timeout: 20_000 });
const AGENT = { temperature: 0, max_output_tokens: 4096, store: false };
const Step = z.object({ explanation: z.string().min(1), output: z.number().nullable(), kind: z.enum(["a", "b"]) });
const Plan = z.object({ steps: z.array(Step), score: z.number().int().min(0).max(10) });
const WEATHER = {
  type: "function",
  name: "get_weather",
  description: "Tells the weather.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
  strict: true,
};

const user = (content) => [{ role: "user", content }];
const ask = (model, input = "Hello", more = AGENT) => client.responses.create({ model, input, ...more });
const said = (answer) => check(answer.output_text);
const answer = (stream, params) => (stream ? client.responses.stream(params).finalResponse() : client.responses.create(params));

// sent is an item without what the client has put into it, which servers refuse.
const sent = ({ parsed_arguments, ...item }) => (item.type === "message" ? { ...item, content: item.content.map(({ parsed, ...part }) => part) } : item);

const loop = (stream, more) => async (model) => {
  const input = [];
  for (let turn = 0; turn < TURNS; turn++) {
    input.push(...user(asks(turn)));
    for (let step = 0; step < 2; step++) {
      const got = await answer(stream, { model, input, tools: [WEATHER], store: false, include: ["reasoning.encrypted_content"], ...more });
      input.push(...got.output.map(sent));
      const calls = got.output.filter((i) => i.type === "function_call");
      if (step) said(got);
      else check(calls.length === 2, `${calls.length} calls`);
      input.push(...calls.map((c) => ({ type: "function_call_output", call_id: c.call_id, output: "sunny" })));
    }
  }
};

const plan = (model) => ({ model, input: "A plan.", text: { format: zodTextFormat(Plan, "plan") } });
const PICTURE = { type: "input_image", image_url: "data:image/png;base64," + IMAGE, detail: "auto" };

add("text", async (m) => said(await ask(m)));
add("text_stream", async (m) => {
  const got = await client.responses.stream({ model: m, input: "Hello", ...AGENT }).finalResponse();
  said(got);
  check(got.usage.output_tokens);
});
add("tools", loop(false, { temperature: 0 }));
add("tools_stream", loop(true, { temperature: 0 }));
add("effort", loop(false, { reasoning: { effort: "low", summary: "auto" } }));
add("effort_stream", loop(true, { reasoning: { effort: "low", summary: "auto" } }));
add("structured", async (m) => check((await client.responses.parse(plan(m))).output_parsed), "schemas");
add("structured_stream", async (m) => check((await client.responses.stream(plan(m)).finalResponse()).output_parsed), "schemas");
add("image", async (m) => said(await ask(m, user([{ type: "input_text", text: "What?" }, PICTURE]))), "images");
add("cancel", async (m) => {
  const stream = await ask(m, STANDS_STILL, { stream: true });
  for await (const event of stream) if (event.type === "response.output_text.delta") break;
});
add("not_found", () => raises(OpenAI.NotFoundError, () => ask("no-such-model")));
add("limited", async (m, { alone }) => {
  const e = await raises(OpenAI.RateLimitError, () => ask(alone, LIMITED));
  check(e.headers.get("retry-after") === "2", "no retry-after");
});
await play("OpenAI SDK for Node", "openai", "responses");
