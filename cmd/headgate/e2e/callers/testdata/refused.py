"""Has both official clients, with the retries that they make by default, refused by a
gateway, and prints the class and the status of each error as one JSON object."""

import json
import sys

import anthropic
import openai

base_url, ours = sys.argv[1:]


def chat(key, model):
    client = openai.OpenAI(base_url=base_url + "/v1", api_key=key, timeout=15)
    client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}], user="py chat " + model)


def message(key, model):
    client = anthropic.Anthropic(base_url=base_url, api_key=key, timeout=15)
    client.messages.create(
        model=model,
        max_tokens=9,
        messages=[{"role": "user", "content": "hi"}],
        metadata={"user_id": "py message " + model},
    )


def refusal(ask, key, model):
    try:
        ask(key, model)
    except (openai.APIStatusError, anthropic.APIStatusError) as e:
        return [type(e).__name__, e.status_code]
    return []


print(
    json.dumps(
        {
            "openai, no such key": refusal(chat, "nobody-has-this-key", "plain"),
            "openai, no such model for the key": refusal(chat, ours, "renamed"),
            "openai, good": refusal(chat, ours, "plain"),
            "anthropic, no such key": refusal(message, "nobody-has-this-key", "plain"),
            "anthropic, no such model for the key": refusal(message, ours, "renamed"),
            "anthropic, good": refusal(message, ours, "plain"),
        }
    )
)
