"""What the SDKs of OpenAI and Anthropic make of lists of models: python names.py URL KEY"""

import json
import sys

import anthropic
import openai

url, key = sys.argv[1:]
oai = openai.OpenAI(base_url=url + "/v1", api_key=key, max_retries=0, timeout=15)
claude = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0, timeout=15)


def status(call):
    try:
        call()
    except (openai.APIStatusError, anthropic.APIStatusError) as e:
        return e.status_code
    return 200


models = list(oai.models.list())
one = oai.models.retrieve("openai/gpt-5")
found = {
    "OpenAI's list": [m.id for m in models],
    "OpenAI's one": [one.id, one.owned_by],
    "OpenAI's none": status(lambda: oai.models.retrieve("openai/gpt-77")),
    "Anthropic's pages": [m.id for m in claude.models.list(limit=1)],
    "Anthropic's one": claude.models.retrieve("openai/gpt-5").id,
    "Anthropic's none": status(lambda: claude.models.retrieve("openai/gpt-4o-mini")),
    "made before": sum(m.created < 1546300800 for m in models),  # 2019
}
print(json.dumps(found))
