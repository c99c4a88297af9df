// SPDX-License-Identifier: MIT

/// Shows each event. The browser comes back by itself, with the id of the last event that it has.
let page: StaticString = """
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <title>Notifications</title>
    <h1>Notifications</h1>
    <p id="state">connecting</p>
    <ol id="events"></ol>
    <script>
    const state = document.getElementById("state");
    const events = document.getElementById("events");
    function show(text, kind) {
        const line = document.createElement("li");
        line.className = kind;
        line.textContent = text;
        events.append(line);
    }
    const source = new EventSource("/sse");
    source.onopen = () => state.textContent = "connected";
    source.onerror = () => state.textContent = "connecting";
    source.onmessage = event => show(event.data, "message");
    source.addEventListener("gap", event => show(event.data, "gap"));
    </script>
    </html>

    """
