"""LiteLLM's SDK, by its providers openai and anthropic."""

import json
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it fetches one

import litellm
from play import AGENT, BASE, IMAGE, KEY, LIMITED, OPENAI, STANDS_STILL, TURNS, asks, case, play, raises
from shapes import PARAMETERS, Plan

litellm.suppress_debug_info = True
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "Tells the weather.", "parameters": PARAMETERS}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + IMAGE}}


def user(content):
    return [{"role": "user", "content": content}]


def cases(kind, provider, base, named):
    """named gives the name of a model that LiteLLM is to believe in."""

    def ask(m, messages=None, **more):
        return litellm.completion(
            model=f"{provider}/{m}", api_base=base, api_key=KEY, messages=messages or user("Hello"),
            max_retries=0, num_retries=0, timeout=20, **more,
        )

    def loop(m, stream, **more):
        messages = [{"role": "system", "content": "Use tools."}]
        for turn in range(TURNS):
            messages += user(asks(turn))
            for _ in range(2):
                got = ask(m, messages, tools=[WEATHER], stream=stream, **more)
                if stream:
                    got = litellm.stream_chunk_builder(list(got), messages=messages)
                message = got.choices[0].message
                messages.append(message if turn % 2 else message.model_dump())
                for c in message.tool_calls or []:
                    json.loads(c.function.arguments)
                    messages.append({"role": "tool", "tool_call_id": c.id, "name": "get_weather", "content": "sunny"})
            assert message.content
        assert len(messages) == 1 + TURNS * 5

    def said(stream):
        return "".join(c.choices[0].delta.content or "" for c in stream)

    def add(name, f, needs=None):
        case(f, name=f"{kind} {name}", needs=needs)

    def text(m):
        assert ask(named(m), **AGENT).choices[0].message.content

    def text_stream(m):
        assert said(ask(named(m), stream=True, **AGENT))

    def tuned(m):
        assert ask(named(m), temperature=0.3, top_p=0.9, stop=["###"], seed=1, user="u", drop_params=True).choices[0].message.content

    def cached(m):
        system = [{"type": "text", "text": "Long.", "cache_control": {"type": "ephemeral"}}]
        assert ask(named(m), [{"role": "system", "content": system}, *user("Hello")], **AGENT).choices[0].message.content

    def structured(m):
        Plan.model_validate_json(ask(named(m), response_format=Plan, **AGENT).choices[0].message.content)

    def structured_stream(m):
        Plan.model_validate_json(said(ask(named(m), response_format=Plan, stream=True, **AGENT)))

    def image(m):
        assert ask(named(m), user([{"type": "text", "text": "What?"}, PICTURE]), **AGENT).choices[0].message.content

    def cancel(m):
        stream = ask(named(m), user(STANDS_STILL), stream=True, **AGENT)
        next(c for c in stream if c.choices[0].delta.content)
        stream.close()

    thinks = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "allowed_openai_params": ["thinking"], "max_tokens": 4096}
    add("text", text)
    add("text_stream", text_stream)
    add("tuned", tuned)
    add("tools", lambda m: loop(named(m), False, **AGENT))
    add("tools_stream", lambda m: loop(named(m), True, tool_choice="auto", parallel_tool_calls=True, **AGENT))
    add("effort", lambda m: loop(named(m), False, reasoning_effort="low", max_tokens=4096))
    add("thinking_stream", lambda m: loop(named(m), True, **thinks))
    add("cached", cached)
    # A model that LiteLLM does not know to take schemas gets a tool in their place.
    add("structured", structured, "schemas")
    add("structured_stream", structured_stream, "schemas")
    add("image", image, "images")
    add("cancel", cancel)
    add("not_found", lambda m: raises(litellm.NotFoundError, lambda: ask("no-such-model")))
    add("limited", lambda m: raises(litellm.RateLimitError, lambda: ask(m.alone, user(LIMITED))))


cases("chat", "openai", OPENAI, lambda m: m)
cases("messages", "anthropic", BASE, lambda m: m.claude)
play("LiteLLM as SDK", "litellm")
