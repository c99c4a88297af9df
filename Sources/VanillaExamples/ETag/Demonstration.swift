// SPDX-License-Identifier: MIT

/// A page whose button asks for a user, and from the second time on with the tag that it was given.
///
/// A script that sends If-None-Match itself sees the 304; without it the browser would take the
/// body from its cache, and show the script 200.
let demonstration: StaticString = """
    <!DOCTYPE html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Vanilla: entity tags</title>
    <link rel="icon" href="data:,">
    <style>
      body { font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem }
      table { border-collapse: collapse; width: 100% }
      th, td { border-bottom: 1px solid #ccc; padding: .25rem .5rem; text-align: left }
    </style>
    <h1>Entity tags</h1>
    <p>The first answer brings the body and its tag. The next request sends the tag along as
    <code>If-None-Match</code>, and the answer is <code>304 Not Modified</code>, without a body.</p>
    <p><label>User <input id="user" value="1"></label> <button id="ask">Ask</button></p>
    <table>
      <thead><tr><th>Path<th>If-None-Match<th>Status<th>ETag<th>Bytes of body</thead>
      <tbody id="answers"></tbody>
    </table>
    <script>
      const tags = new Map();
      document.getElementById("ask").onclick = async () => {
        const path = "/user/" + encodeURIComponent(document.getElementById("user").value);
        const known = tags.get(path);
        const answer = await fetch(path, {
          cache: "no-store", headers: known ? { "If-None-Match": known } : {},
        });
        const body = await answer.arrayBuffer();
        const tag = answer.headers.get("ETag");
        if (tag) tags.set(path, tag);
        const row = document.getElementById("answers").insertRow();
        for (const text of [path, known, answer.status, tag, body.byteLength])
          row.insertCell().textContent = text ?? "";
      };
    </script>
    </html>

    """
