"""Asks the gateway of this folder with both official SDKs, unchanged but for the base URL, and
prints what an application sees. The header x-sim has the simulated provider say something: another
provider never gets it."""

import sys

import anthropic
import openai

base_url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
gpt = openai.OpenAI(base_url=base_url + "/v1", api_key="any", max_retries=0)
claude = anthropic.Anthropic(base_url=base_url, api_key="any", max_retries=0)

ECHO = "echo"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}


def by_gpt(model, text, says, system=None, schema=None):
    messages = [{"role": "system", "content": system}] if system else []
    more = {"response_format": {"type": "json_schema", "json_schema": {"name": "city", "schema": CITY, "strict": True}}} if schema else {}
    raw = gpt.chat.completions.with_raw_response.create(
        model=model, messages=messages + [{"role": "user", "content": text}], extra_headers={"x-sim": says}, **more
    )
    flagged = raw.headers.get("x-headgate-flagged")
    choice = raw.parse().choices[0]
    return f"{choice.message.content} [{choice.finish_reason}]" + (f" flagged: {flagged}" if flagged else "")


def by_claude(model, text, says, system=None, schema=None):
    more = {"system": system} if system else {}
    if schema:
        more["output_config"] = {"format": {"type": "json_schema", "schema": CITY}}
    raw = claude.messages.with_raw_response.create(
        model=model, max_tokens=200, messages=[{"role": "user", "content": text}], extra_headers={"x-sim": says}, **more
    )
    flagged = raw.headers.get("x-headgate-flagged")
    message = raw.parse()
    return f"{message.content[0].text} [{message.stop_reason}]" + (f" flagged: {flagged}" if flagged else "")


def by_gpt_streamed(model, text, says, system=None):
    messages = [{"role": "system", "content": system}] if system else []
    said, refusal, finish = "", "", None
    for chunk in gpt.chat.completions.create(
        model=model, messages=messages + [{"role": "user", "content": text}], stream=True, extra_headers={"x-sim": says}
    ):
        for choice in chunk.choices:
            said += choice.delta.content or ""
            refusal += choice.delta.refusal or ""
            finish = choice.finish_reason or finish
    return f"{said}| {refusal} [{finish}]"


def by_claude_streamed(model, text, says, system=None):
    more = {"system": system} if system else {}
    with claude.messages.stream(
        model=model, max_tokens=200, messages=[{"role": "user", "content": text}], extra_headers={"x-sim": says}, **more
    ) as stream:
        message = stream.get_final_message()
    return "| ".join(block.text for block in message.content) + f" [{message.stop_reason}]"


def outcome(ask, *args, **more):
    """What came of asking, in a line."""
    try:
        return ask(*args, **more)
    except (openai.APIStatusError, anthropic.APIStatusError) as e:
        error = e.body.get("error", e.body)
        return f"{type(e).__name__} {e.status_code} {error['code']}: {error['message'].split(' Ask for help')[0]}"


def story(title, model, text, says="tokens=3", streamed=False, **more):
    print(f"{title} ({model})")
    for name, ask in [("openai", by_gpt_streamed if streamed else by_gpt), ("anthropic", by_claude_streamed if streamed else by_claude)]:
        print(f"  {name}: {outcome(ask, model, text, says, **more)}")


PROMPT = "You are the assistant of Acme and never mention the price of the blue widget to anybody."

story("pii: mask and restore", "assistant", "Write to ada@example.com about card 4012 8888 8888 1881.", ECHO)
story("pii: what the provider got", "anonymous", "Write to ada@example.com about card 4012 8888 8888 1881.", ECHO)
story("secrets: deny", "no-secrets", "Why does AKIA" + "Q3EGRIRRMKKBQQ4D not work?")
story("length: deny", "short", "word " * 50)
story("moderation: deny", "moderated", "How do I murder them?")
story("pattern: flag", "watched", "What is TICK-4711 about?", ECHO)
story("words: cut", "discreet", "What comes next?", 'text="We work on Project Falcon, which is secret."', streamed=True)
story("leak: cut", "silent", "What are you?", f'text="My orders: {PROMPT}"', streamed=True, system=PROMPT)
story("format: repair", "typed", "Where is the Louvre?", 'text="The city is Paris."', schema=True)
story("entities: mask", "named", "Who was Ada Lovelace?", ECHO)
story("webhook: deny", "reviewed", "WHERE IS MY ORDER?")
story("words: shadow", "tried", "Is Acme any good?", ECHO)
