"""Asks a gateway with the official clients, unchanged but for base URL, key and retries, and
prints what each case raised as one JSON object. The test beside this folder judges it."""

import json
import sys

import anthropic
import openai

base_url = sys.argv[1]


def key(caller):
    return "hg-the-key-of-" + caller


def drain(caller):
    """Uses up what may come at once, so that the next request must wait for six seconds."""
    client = openai.OpenAI(base_url=base_url + "/v1", api_key=key(caller), max_retries=0, timeout=15)
    for _ in range(100):
        try:
            client.chat.completions.create(model=caller, messages=[{"role": "user", "content": "hi"}], max_tokens=1)
        except openai.RateLimitError:
            return


def by_openai(caller):
    client = openai.OpenAI(base_url=base_url + "/v1", api_key=key(caller), max_retries=2, timeout=15)
    client.chat.completions.create(model=caller, messages=[{"role": "user", "content": "hi"}])


def by_openai_streamed(caller):
    client = openai.OpenAI(base_url=base_url + "/v1", api_key=key(caller), max_retries=2, timeout=15)
    list(client.chat.completions.create(model=caller, messages=[{"role": "user", "content": "hi"}], stream=True))


def by_anthropic(caller):
    client = anthropic.Anthropic(base_url=base_url, api_key=key(caller), max_retries=2, timeout=15)
    client.messages.create(model=caller, max_tokens=4096, messages=[{"role": "user", "content": "hi"}])


def raised(ask, caller):
    if "waits" in caller:
        drain(caller)
    try:
        ask(caller)
        error = {}
    except (openai.APIStatusError, anthropic.APIStatusError) as e:
        body = e.body.get("error", e.body)
        error = {"class": type(e).__name__, "status": e.status_code, "type": body["type"], "code": body["code"]}
    return error


print(
    json.dumps(
        {
            name: raised(ask, name)
            for name, ask in {
                "py-waits-openai": by_openai,
                "py-waits-streamed": by_openai_streamed,
                "py-waits-anthropic": by_anthropic,
                "py-spent-openai": by_openai,
                "py-spent-streamed": by_openai_streamed,
                "py-spent-anthropic": by_anthropic,
                "py-never-openai": by_openai,
                "py-never-streamed": by_openai_streamed,
                "py-never-anthropic": by_anthropic,
            }.items()
        }
    )
)
