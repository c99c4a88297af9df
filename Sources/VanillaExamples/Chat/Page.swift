// SPDX-License-Identifier: MIT

/// A room, a name and what is said. Where the socket closes, it opens again.
let page: StaticString = """
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <title>Chat</title>
    <h1>Chat</h1>
    <form id="door">
    <label>Name <input id="name" value="guest" maxlength="20" required></label>
    <label>Room <select id="room"><option>lobby<option>kitchen<option>garden</select></label>
    <button>Enter</button> <span id="state">outside</span>
    </form>
    <ol id="messages"></ol>
    <form id="talk"><input id="text" maxlength="1000" autocomplete="off"> <button>Say</button></form>
    <script>
    const element = id => document.getElementById(id);
    let socket = null;
    function show(text) {
        const line = document.createElement("li");
        line.textContent = text;
        element("messages").append(line);
    }
    function enter() {
        const room = element("room").value;
        const scheme = location.protocol === "https:" ? "wss:" : "ws:";
        const query = "?name=" + encodeURIComponent(element("name").value);
        if (socket) socket.onclose = null, socket.close();
        socket = new WebSocket(scheme + "//" + location.host + "/rooms/" + room + query);
        socket.onopen = () => element("state").textContent = "in the " + room;
        socket.onmessage = event => show(event.data);
        socket.onclose = () => {
            element("state").textContent = "outside";
            setTimeout(enter, 1000 + 2000 * Math.random());
        };
    }
    element("door").onsubmit = event => { event.preventDefault(); enter(); };
    element("talk").onsubmit = event => {
        event.preventDefault();
        if (socket && socket.readyState === WebSocket.OPEN) socket.send(element("text").value);
        element("text").value = "";
    };
    </script>
    </html>

    """
