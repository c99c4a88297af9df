# SPDX-License-Identifier: MIT
"""sse_reader.py LIBRARY URL COUNT [LAST_ID]: reads so many events by a library from PyPI and prints
each as JSON. Run by test_sse.py with the Python that has the library."""

import json
import sys


def by_httpx_sse(url, headers):
    import httpx
    from httpx_sse import connect_sse

    with httpx.Client(timeout=20) as client, connect_sse(client, "GET", url, headers=headers) as source:
        ready()
        for event in source.iter_sse():
            # It tells of an id without data as well; a browser dispatches nothing then.
            if event.data:
                yield event.event, event.data, event.id


def by_sseclient(url, headers):
    import requests
    import sseclient

    response = requests.get(
        url, stream=True, timeout=20, headers={"Accept": "text/event-stream", **headers}
    )
    response.raise_for_status()
    ready()
    for event in sseclient.SSEClient(response).events():
        yield event.event, event.data, event.id


def ready():
    print("ready", flush=True)


library, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
headers = {"Last-Event-ID": sys.argv[4]} if len(sys.argv) > 4 else {}
readers = {"httpx-sse": by_httpx_sse, "sseclient-py": by_sseclient}
for name, data, number in readers[library](url, headers):
    print(json.dumps([name or "message", data, number or ""]), flush=True)
    count -= 1
    if count == 0:
        break
