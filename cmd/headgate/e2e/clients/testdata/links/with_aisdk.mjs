// Vercel's AI SDK, by its providers for OpenAI, compatible servers and Anthropic.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";
import { IMAGE, KEY, LIMITED, OPENAI, STANDS_STILL, TURNS, add, asks, check, play, raises } from "./play.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;
const AGENT = { temperature: 0, maxOutputTokens: 6000, maxRetries: 0 };
const Step = z.object({ explanation: z.string().min(1), output: z.number().nullable(), kind: z.enum(["a", "b"]) });
const Plan = z.object({ steps: z.array(Step), score: z.number().int().min(0).max(10) });
const days = z.number().int().min(1).max(7).default(1);
const tools = { get_weather: tool({ description: "Tells the weather.", inputSchema: z.object({ city: z.string(), days }), execute: async () => "sunny" }) };

const openai = createOpenAI({ baseURL: OPENAI, apiKey: KEY });
const compatible = createOpenAICompatible({ name: "gateway", baseURL: OPENAI, apiKey: KEY, supportsStructuredOutputs: true, includeUsage: true });
const anthropic = createAnthropic({ baseURL: OPENAI, apiKey: KEY });

function cases(kind, of, thinks, keeps) {
  const text = async (m, more) => check((await generateText({ model: of(m), ...AGENT, ...more })).text);
  const shows = (part) => ({ messages: [{ role: "user", content: [{ type: "text", text: "What?" }, part] }] });

  const loop = (stream, more) => async (m) => {
    const messages = [];
    for (let turn = 0; turn < TURNS; turn++) {
      messages.push({ role: "user", content: asks(turn) });
      const args = { model: of(m), messages, tools, stopWhen: stepCountIs(3), ...AGENT, ...more };
      const got = stream ? streamText({ ...args, onError() {} }) : await generateText(args);
      check(await got.text);
      messages.push(...(await got.response).messages);
    }
    check(messages.length === TURNS * 4, `${messages.length} messages`);
  };

  const streamedPlan = async (m) => {
    const got = streamObject({ model: of(m), schema: Plan, prompt: "A plan.", ...AGENT, onError() {} });
    for await (const _ of got.partialObjectStream);
    check(await got.object);
  };

  const status = async (code, m, prompt = "x") => {
    const e = await raises(APICallError, () => generateText({ model: of(m), prompt, maxRetries: 0 }));
    check(e.statusCode === code, `status ${e.statusCode}`);
  };

  const named = (name, f, needs) => add(`${kind} ${name}`, f, needs);
  named("text", (m) => text(m, { system: "Be brief.", prompt: "Hello" }));
  named("text_stream", async (m) => {
    const got = streamText({ model: of(m), prompt: "Hello", ...AGENT, onError() {} });
    check(await got.text);
    check((await got.usage).outputTokens, "no usage");
  });
  named("tuned", (m) => text(m, { prompt: "Hello", stopSequences: ["###"], topP: 0.9, seed: 1 }));
  named("tools", loop(false, { providerOptions: keeps }));
  named("tools_stream", loop(true, { providerOptions: keeps }));
  if (keeps) named("kept_tools", loop(false), "state");
  named("thinking", loop(false, { providerOptions: thinks }));
  named("thinking_stream", loop(true, { providerOptions: thinks }));
  named("structured", async (m) => check((await generateObject({ model: of(m), schema: Plan, prompt: "A plan.", ...AGENT })).object), "schemas");
  named("structured_stream", streamedPlan, "schemas");
  named("image", (m) => text(m, shows({ type: "image", image: "data:image/png;base64," + IMAGE })), "images");
  named("pdf", (m) => text(m, shows({ type: "file", data: "JVBERi0xLjQK", mediaType: "application/pdf" })));
  named("cancel", async (m) => {
    const aborted = new AbortController();
    const got = streamText({ model: of(m), prompt: STANDS_STILL, ...AGENT, abortSignal: aborted.signal, onError() {} });
    for await (const part of got.fullStream) if (part.type === "text-delta") aborted.abort();
  });
  named("not_found", () => status(404, "no-such-model"));
  named("limited", (m, { alone }) => status(429, alone, LIMITED));
}

cases("chat", (m) => openai.chat(m), { openai: { reasoningEffort: "low" } });
// By its default it names items that the server has kept, in place of sending them.
cases("responses", (m) => openai(m), { openai: { reasoningEffort: "low", reasoningSummary: "auto", store: false } }, { openai: { store: false } });
cases("compatible", (m) => compatible(m), { gateway: { reasoningEffort: "low" } });
cases("messages", (m) => anthropic(m), { anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } } });
await play("Vercel AI SDK", "ai");
