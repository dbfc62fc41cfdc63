"""The official Python client against a gateway: argv is base URL and key; prints `ok` at the end."""

import sys

import openai

url, key = sys.argv[1:3]
client = openai.OpenAI(base_url=url, api_key=key, max_retries=0)
ask = dict(model="fake-model", messages=[{"role": "user", "content": "hello"}])

assert [model.id for model in client.models.list()] == ["fake-model"]

answer = client.chat.completions.create(**ask)
assert answer.choices[0].message.content == "word " * 5, answer
assert answer.usage.completion_tokens == 5, answer

stream = client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True})
chunks = list(stream)
text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
assert text == "word " * 5, text
assert chunks[-1].usage.completion_tokens == 5, chunks[-1]


def refused(kind, **change):
    try:
        client.chat.completions.create(**{**ask, **change})
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} expected")


assert refused(openai.NotFoundError, model="gpt-9").code == "model_not_found"
refused(openai.BadRequestError, max_tokens=-1)
refused(openai.APITimeoutError, timeout=0.2, extra_body={"fake": {"delayMs": 3000}})
try:
    openai.OpenAI(base_url=url, api_key="sk-no", max_retries=0).models.list()
    raise AssertionError("AuthenticationError expected")
except openai.AuthenticationError as error:
    assert error.code == "invalid_api_key", error

stream = client.chat.completions.create(**ask, stream=True, extra_body={"fake": {"tokens": 10000, "everyMs": 5}})
next(iter(stream))
stream.close()
print("ok")
