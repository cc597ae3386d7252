"""Bodies that broke other products. Each must be answered, stored and read by a person."""

import gzip
import json
import zlib

GOOD = {"title": "Disk full", "severity": "critical"}

HOSTILE: dict[str, tuple[bytes, str, str]] = {
    "deep lists": (b"[" * 1500 + b"]" * 1500, "application/json", ""),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "application/json", ""),
    "deep inside a title": (b'{"title":' + b"[" * 900 + b"]" * 900 + b"}", "application/json", ""),
    "NUL in a string": (b'{"title": "a\\u0000b", "dedup_key": "k\\u0000"}', "application/json", ""),
    "NUL bytes": (b'{"title": "a\x00b"}', "application/json", ""),
    "only NUL bytes": (b"\x00" * 500, "application/json", ""),
    "lone surrogate": (b'{"title": "x \\ud800 y", "host": "\\udfff"}', "application/json", ""),
    "surrogate in a name": (b'{"\\ud800": {"\\udc00": "\\ud834"}}', "application/json", ""),
    "NaN": (b'{"title": "nan", "value": NaN, "severity": Infinity}', "application/json", ""),
    "1e999": (b'{"title": "huge", "value": 1e999, "severity": -1e999}', "application/json", ""),
    "5,000 digits": (b'{"title": ' + b"9" * 5000 + b"}", "application/json", ""),
    "300 digits": (b'{"title": "x", "value": ' + b"9" * 300 + b"}", "application/json", ""),
    "bad UTF-8": (b'{"title": "\xff\xfe\xfa disk"}', "application/json", ""),
    "Latin-1": ('{"title": "Überlauf"}'.encode("latin-1"), "application/json", ""),
    "UTF-16": (json.dumps(GOOD).encode("utf-16"), "application/json", ""),
    "UTF-16 without a mark": (json.dumps(GOOD).encode("utf-16-be"), "application/json", ""),
    "UTF-32": (json.dumps(GOOD).encode("utf-32"), "application/json", ""),
    "UTF-8 with a mark": (b"\xef\xbb\xbf" + json.dumps(GOOD).encode(), "application/json", ""),
    "duplicate keys": (b'{"title": "one", "title": "two"}', "application/json", ""),
    "wrong content type": (json.dumps(GOOD).encode(), "image/png", ""),
    "JSON called a form": (
        json.dumps(GOOD).encode(),
        "application/x-www-form-urlencoded",
        "",
    ),
    "no content type": (json.dumps(GOOD).encode(), "", ""),
    "content type of nonsense": (json.dumps(GOOD).encode(), ";;=\x01" * 50, ""),
    "charset of nonsense": (b"\xfftitle", "text/plain; charset=punycode", ""),
    "form with payload": (
        b"payload=%7B%22title%22%3A%22Disk+full%22%7D",
        "application/x-www-form-urlencoded",
        "",
    ),
    "form called JSON": (b"title=Disk+full&severity=high", "application/json", ""),
    "10,000 multipart fields": (
        b"".join(
            b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\nb\r\n' % number
            for number in range(10_000)
        ),
        "multipart/form-data; boundary=x",
        "",
    ),
    "multipart of boundaries": (b"--x" * 300_000, "multipart/form-data; boundary=x", ""),
    "multipart without an end": (
        b"--x\r\nContent-Disposition: form-data; " + b"name" * 200_000,
        "multipart/form-data",
        "",
    ),
    "10,000 form fields": (
        b"&".join(b"a%d=b" % number for number in range(10_000)),
        "application/x-www-form-urlencoded",
        "",
    ),
    "gzip": (gzip.compress(json.dumps(GOOD).encode()), "application/json", "gzip"),
    "gzip not announced": (gzip.compress(json.dumps(GOOD).encode()), "application/json", ""),
    "deflate": (zlib.compress(json.dumps(GOOD).encode()), "application/json", "deflate"),
    "gzip bomb": (gzip.compress(b"[" + b"0," * 50_000_000 + b"0]"), "application/json", "gzip"),
    "gzip broken off": (
        gzip.compress(json.dumps(GOOD).encode() * 99)[:-20],
        "application/json",
        "gzip",
    ),
    "gzip of nonsense": (b"\x1f\x8bnonsense", "application/json", "gzip"),
    "gzip that is not": (json.dumps(GOOD).encode(), "application/json", "gzip"),
    "brotli": (b"\x0b\x02\x80rest\x03", "application/json", "br"),
    "empty": (b"", "application/json", ""),
    "blanks": (b" \r\n\t ", "application/json", ""),
    "null": (b"null", "application/json", ""),
    "a number": (b"42", "application/json", ""),
    "a string": (b'"disk full"', "application/json", ""),
    "JSON in a string": (json.dumps(json.dumps(GOOD)).encode(), "application/json", ""),
    "an empty object": (b"{}", "application/json", ""),
    "a list of lists": (b"[[[]], [1], null, {}]", "application/json", ""),
    "broken off": (b'{"title": "Disk full", "sev', "application/json", ""),
    "plain text": (b"disk full on db-1\nsecond line", "text/plain", ""),
    "curl -d": (b"disk full on db-1", "application/x-www-form-urlencoded", ""),
    "HTML": (b"<script>alert(1)</script>", "text/html", ""),
    "bidi and control": (
        '{"title": "\u202egnp.exe \u2066x\u2069 \x1b[31m", "severity": "\u200b"}'.encode(),
        "application/json",
        "",
    ),
    "a title of a megabyte": (
        json.dumps({"title": "x" * 1_000_000, "dedup_key": "k" * 10_000}).encode(),
        "application/json",
        "",
    ),
    "200,000 names": (
        json.dumps({str(number): 1 for number in range(60_000)}).encode(),
        "application/json",
        "",
    ),
    "not an address": (
        b'{"title": "x", "link": "javascript:alert(1)", "url": ["ftp://x", {"href": 3}]}',
        "application/json",
        "",
    ),
    "types all wrong": (
        (
            b'{"title": {"a": 1}, "severity": [1], "tags": 7, "links": {"a": 1}, "status": {},'
            b' "dedup_key": ["a"], "details": "x", "host": [[]], "alerts": 5, "labels": null}'
        ),
        "application/json",
        "",
    ),
}
