#!/usr/bin/env python3
"""Writes Tests/ObjectStorageTests/Fixtures/signatures.json: requests with their signatures by AWS's Signature Version 4, from
the published rules alone ("Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference).

    python3 tools/objects/make_signatures.py >Tests/ObjectStorageTests/Fixtures/signatures.json
"""
import datetime
import hashlib
import hmac
import json
import random
import urllib.parse

NAMES = [
    "a", "states/model/f16/0123abcd", "with space", "plus+and&amp", "per%20cent", "ünïcödé/東京", "a//b", "tilde~-._",
    "quotes'\"", "(brackets)[]{}", "star*", "question?mark#hash", "semi;colon:comma,at@equals=", "back\\slash|pipe^`", "emoji😀",
]
QUERIES = [
    {}, {"list-type": "2", "prefix": "a/b c", "max-keys": "1000"}, {"continuation-token": "1+/=&", "list-type": "2"},
    {"b": "", "a": "z", "A": "é"},
]


def encoded(text, safe):
    return urllib.parse.quote(text.encode(), safe=safe + "-._~")


def digest(data):
    return hashlib.sha256(data).hexdigest()


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def sign(case):
    time = datetime.datetime.fromtimestamp(case["time"], datetime.timezone.utc)
    stamp, day = time.strftime("%Y%m%dT%H%M%SZ"), time.strftime("%Y%m%d")
    path = "/" + case["bucket"] + "/" + encoded(case["name"], "/")
    query = "&".join(sorted(f"{encoded(k, '')}={encoded(v, '')}" for k, v in case["query"].items()))
    body = digest(case["body"].encode()) if case["signs_body"] else "UNSIGNED-PAYLOAD"
    headers = {k.lower(): " ".join(v.split()) for k, v in case["headers"].items()}
    headers |= {"host": case["host"], "x-amz-content-sha256": body, "x-amz-date": stamp}
    if case["token"]:
        headers["x-amz-security-token"] = case["token"]
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = "\n".join([case["method"], path, query, lines, names, body])
    scope = f"{day}/{case['region']}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, digest(canonical.encode())])
    key = mac(("AWS4" + case["secret_key"]).encode(), day)
    for part in [case["region"], "s3", "aws4_request"]:
        key = mac(key, part)
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return f"AWS4-HMAC-SHA256 Credential={case['access_key']}/{scope},SignedHeaders={names},Signature={signature}"


def main():
    choice = random.Random(15)
    cases = []
    for index in range(60):
        case = {
            "method": choice.choice(["GET", "PUT", "HEAD", "DELETE"]), "host": choice.choice(["127.0.0.1:8333", "s3.eu-west-1.amazonaws.com"]),
            "bucket": choice.choice(["states", "b-1"]), "name": NAMES[index % len(NAMES)], "query": choice.choice(QUERIES),
            "headers": choice.choice([{}, {"If-None-Match": "*"}, {"Range": "bytes=0-9", "X-Amz-Meta-A": " two   spaces "}]),
            "body": choice.choice(["", "states"]), "signs_body": choice.random() < 0.7, "time": choice.randrange(0, 4_000_000_000),
            "region": choice.choice(["us-east-1", "eu-west-1"]), "access_key": "AKIAIOSFODNN7EXAMPLE",
            "secret_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "token": choice.choice([None, "a/token+="]),
        }
        cases.append(case | {"authorization": sign(case)})
    print(json.dumps(cases, indent=1, ensure_ascii=False))


main()
