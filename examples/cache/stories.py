"""Asks the gateway of this folder with both official SDKs, unchanged but for the base URL and the
keys of three callers, and prints what an application sees. The header x-sim has the simulated
provider number its answers, so that one that is given again is known by its number: another
provider never gets it."""

import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import anthropic
import openai

base_url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def called(name, arguments):
    return f"calls {name}({', '.join(arguments)})"


def by_openai(key, model, text, headers, stream=False, tools=False, **more):
    gpt = openai.OpenAI(base_url=base_url + "/v1", api_key=key, max_retries=0)
    if tools:
        more["tools"] = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}]
    raw = gpt.chat.completions.with_raw_response.create(
        model=model, messages=[{"role": "user", "content": text}], stream=stream, extra_headers=headers, **more
    )
    if stream:
        return raw.headers, "".join(c.delta.content or "" for chunk in raw.parse() for c in chunk.choices)
    message = raw.parse().choices[0].message
    return raw.headers, message.content or called(message.tool_calls[0].function.name, WEATHER["required"])


def by_anthropic(key, model, text, headers, stream=False, tools=False, **more):
    claude = anthropic.Anthropic(base_url=base_url, api_key=key, max_retries=0)
    if tools:
        more["tools"] = [{"name": "weather", "input_schema": WEATHER}]
    raw = claude.messages.with_raw_response.create(
        model=model, max_tokens=200, messages=[{"role": "user", "content": text}], stream=stream, extra_headers=headers, **more
    )
    if stream:
        events = [event for event in raw.parse() if event.type == "content_block_delta"]
        return raw.headers, "".join(event.delta.text for event in events)
    block = raw.parse().content[0]
    return raw.headers, block.text if block.type == "text" else called(block.name, block.input)


SDKS = {"openai": by_openai, "anthropic": by_anthropic}


def cached(headers):
    """What the headers say of the cache."""
    said = headers["x-headgate-cache"]
    if "x-headgate-cache-reason" in headers:
        said += ": " + headers["x-headgate-cache-reason"]
    if "x-headgate-cache-similarity" in headers:
        said += " " + headers["x-headgate-cache-similarity"]
    return said


answers = 0


def ask(who, sdk, model, text, says=None, cache_control=None, **more):
    """Asks, and returns the answer and what the cache made of the request."""
    global answers
    answers += 1
    headers = {"x-sim": says or f'text="Answer {answers}."'}
    if cache_control:
        headers["cache-control"] = cache_control
    headers, answer = SDKS[sdk](os.environ[who.upper() + "_KEY"], model, text, headers, **more)
    return answer, cached(headers)


def step(who, sdk, model, text, **more):
    answer, cache = ask(who, sdk, model, text, **more)
    print(f"  {who}, {sdk}: {text} -> {answer} [{cache}]")
    time.sleep(0.2)  # an answer is kept once its exchange has ended, a moment after the client has it


def story(title):
    print(title)


THIRTY = "Can I return the shoes that I bought online within 30 days?"
NINETY = THIRTY.replace("30", "90")
REWORDED = "Is it possible to return the shoes I bought online within 30 days?"
SEND = "Do I have to pay for sending the shoes?"
SEND_EXTRA = "Do I have to pay extra for sending the shoes?"

story("equal requests have one answer, in either dialect (faq)")
step("ann", "openai", "faq", THIRTY)
step("ann", "openai", "faq", THIRTY)
step("bob", "anthropic", "faq", THIRTY)
step("bob", "anthropic", "faq", THIRTY, stream=True)

story("so have two wordings of a question (faq)")
step("eve", "openai", "faq", REWORDED)
step("eve", "anthropic", "faq", REWORDED)

story("another number is another question (faq)")
step("eve", "openai", "faq", NINETY)
step("eve", "anthropic", "faq", NINETY)

story("a client may want a fresh answer, or none that is kept (faq)")
step("ann", "openai", "faq", THIRTY, cache_control="no-cache")
step("ann", "openai", "faq", THIRTY, cache_control="no-store")
step("ann", "openai", "faq", THIRTY)

story("each caller has its own answers (assistant)")
step("ann", "openai", "assistant", "What did I order?")
step("ann", "anthropic", "assistant", "What did I order?")
step("bob", "openai", "assistant", "What did I order?")

story("a team shares them (handbook)")
step("ann", "openai", "handbook", "Who is on call this week?")
step("bob", "anthropic", "handbook", "Who is on call this week?")
step("eve", "openai", "handbook", "Who is on call this week?")

story("shadow only says what it would have given (tried)")
step("ann", "openai", "tried", THIRTY)
step("bob", "openai", "tried", REWORDED)

story("hits are compared with a fresh answer (checked)")
step("ann", "openai", "checked", SEND, says='text="Yes, 5 euros."')
step("bob", "openai", "checked", SEND, says='text="Yes, 5 euros."')
step("eve", "openai", "checked", SEND_EXTRA, says='text="No, that is all."')

story("who asks for variety gets it (poet)")
step("ann", "openai", "poet", "Write a line about autumn.", temperature=0.9)
step("ann", "openai", "poet", "Write a line about autumn.", temperature=0.9)
step("ann", "openai", "poet", "Write a line about autumn.", temperature=0)
step("ann", "openai", "poet", "Write a line about autumn.", temperature=0)

story("calls of tools are kept only if the policy says so (assistant, agent)")
step("ann", "openai", "assistant", "Is it raining in Paris?", says="tool=weather", tools=True)
step("ann", "openai", "assistant", "Is it raining in Paris?", says="tool=weather", tools=True)
step("ann", "openai", "agent", "Is it raining in Paris?", says="tool=weather", tools=True)
step("ann", "anthropic", "agent", "Is it raining in Paris?", says="tool=weather", tools=True)

story("equal requests at the same time ask the provider once (popular)")
at_once = [("openai", False), ("anthropic", False), ("openai", True), ("anthropic", True)] * 2
with ThreadPoolExecutor(len(at_once)) as pool:
    got = pool.map(
        lambda way: ask("ann", way[0], "popular", "What is new?", says='ttft=2s;text="A lot."', stream=way[1]), at_once
    )
    for (answer, cache), times in sorted(Counter(got).items(), reverse=True):
        print(f"  {answer} [{cache}] x {times}")
