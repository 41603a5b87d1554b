"""Asks a gateway that refuses with the official clients, which would try once more, and prints
what each raised and how long it would have waited, as JSON: {client: [error, code, waits]}."""

import json
import sys
import time

import anthropic
import openai

base = sys.argv[1]
message = [{"role": "user", "content": "py refused"}]
waits = []
time.sleep = waits.append


def asked(errors, ask):
    waits.clear()
    try:
        ask()
    except errors.APIStatusError as e:
        code = e.body["code"] if errors is openai else e.body["error"]["type"]
        return [type(e).__name__, e.status_code, code, list(waits)]
    return None


chat = openai.OpenAI(base_url=base + "/v1", api_key="any", max_retries=1)
claude = anthropic.Anthropic(base_url=base, api_key="any", max_retries=1)
print(
    json.dumps(
        {
            "openai": asked(openai, lambda: chat.chat.completions.create(model="chained", messages=message)),
            "anthropic": asked(
                anthropic, lambda: claude.messages.create(model="chained", max_tokens=9, messages=message)
            ),
        }
    )
)
