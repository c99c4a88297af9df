# SPDX-License-Identifier: MIT
"""Defaults are written once, in C, and what is said of them elsewhere agrees: comments of the
headers, doc comments in Swift, docs/SECURITY.md, docs/HANDLERS.md and README.md."""

import os
import re
import unittest

from test_layout import CORE, ROOT, VANILLA, files, text_of
from test_security import rows_of

# What a member of C is called in Swift, where it is not the same in camel case.
SWIFT_NAMES = {"requests": "requestsPerConnection"}
# Members that say a default in words, or none: the text that has to be there instead of a number.
IN_WORDS = {"streamedBody": "nil", "connections": "nil", "port": "any free one"}
MILLISECONDS = {"drain", "lame_duck", "bind_retry", "slow_handler", "heartbeat", "retry_min", "retry_max", "shutdown_spread", "history_age", "backlog_age", "ping_interval", "ping_timeout", "close_timeout"}


def c_defaults(function):
    """The members that a function of C sets, by name; those of structs within as struct.member."""
    for path in files(CORE, ".c"):
        found = re.search(rf"^void {function}\([^)]*\)\n{{\n(.*?)^}}", text_of(path), re.M | re.S)
        if found:
            return members(found[1])
    raise AssertionError(f"no {function}")


def members(text):
    values, path = {}, []
    for name, opens, value, closes in re.findall(r"\.(\w+)\s*=\s*(?:(\{)|([\w*() ]+))|(\})", text):
        if opens:
            path.append(name)
        elif closes:
            path = path[:-1]
        else:
            values[".".join([*path, name])] = number(value)
    return values


def number(text):
    """A constant expression of C."""
    text = re.sub(r"\bUINT64_MAX\b", str(2**64 - 1), text.strip())
    text = re.sub(r"\b0([0-7]+)\b", r"0o\1", text)
    assert re.fullmatch(r"[\do* ()]+", text), text
    return eval(text)


def sizes(value):
    """How a size or a count may be written."""
    said = {str(value), f"{value:,}"}
    for unit, name in ((1 << 10, "KiB"), (1 << 20, "MiB")):
        if value >= unit and value % unit == 0 and value // unit < 1024:
            said.add(f"{value // unit} {name}")
    return said


def times(milliseconds):
    """How a time may be written."""
    said = {f"{milliseconds} ms", f"{milliseconds} milliseconds"}
    if milliseconds % 1000 == 0:
        seconds = milliseconds // 1000
        said |= {f"{seconds} s", f"{seconds} seconds"}
        if seconds % 60 == 0:
            said |= {f"{seconds // 60} minutes"}
    return said


def camel(name):
    first, *rest = name.split("_")
    return SWIFT_NAMES.get(name, first + "".join(word.capitalize() for word in rest))


def spellings(group, name, value):
    is_time = name in MILLISECONDS or (group == "deadlines" and not name.endswith("rate"))
    return times(value) if is_time else sizes(value)


def says(text, said):
    """Whether a text has one of these, as whole words."""
    text = " ".join(text.split())
    return any(re.search(rf"(?<![\w,.]){re.escape(one)}(?![\w]|,\d)", text) for one in said)


def header_comment(header, struct, member):
    """What a header says of a member: the comment on its line, and the one before it."""
    body = re.search(rf"^typedef struct {struct} {{\n(.*?)^}}", header, re.M | re.S)[1]
    found = re.search(
        rf"((?:^    /\*(?:(?!\*/).)*\*/\n)?)^    [\w ]+ {member};([^\n]*)", body, re.M | re.S)
    assert found, member
    if member == "retry_max":
        return header_comment(header, struct, "retry_min")
    return found[1] + found[2]


def doc_comment(source, name):
    found = re.search(rf"((?:^ *///[^\n]*\n)+) *public var {name}\b", source, re.M)
    assert found, name
    return found[1].replace("///", "")


class Defaults(unittest.TestCase):
    def test_headers_say_the_defaults_of_a_server(self):
        header = text_of(os.path.join(CORE, "include", "vn_server.h"))
        structs = {"limits": "vn_limits", "deadlines": "vn_deadlines"}
        defaults = c_defaults("vn_config_init")
        structs |= {"port": "vn_listener", "unix_mode": "vn_listener"}
        self.assertGreater(len(defaults), 20)
        for path, value in defaults.items():
            group, _, name = path.rpartition(".")
            with self.subTest(path):
                struct = structs.get(name) or structs.get(group, "vn_config")
                comment = header_comment(header, struct, name)
                if camel(name) == "port":
                    self.assertIn(IN_WORDS["port"], comment)
                elif name == "unix_mode":
                    self.assertIn(f"0{value:o}", comment)
                elif value == 2**64 - 1:
                    self.assertIn("UINT64_MAX", comment)
                else:
                    self.assertTrue(says(comment, sizes(value)), f"{value}: {comment}")

    def test_headers_say_the_defaults_of_events(self):
        header = text_of(os.path.join(CORE, "include", "vn_hub.h"))
        defaults = {("vn_event_stream", n): v for n, v in c_defaults("vn_event_stream_init").items()}
        for path, value in c_defaults("vn_hub_options_init").items():
            group, _, name = path.rpartition(".")
            defaults["vn_topic_options" if group else "vn_hub_options", name] = value
        self.assertEqual(len(defaults), 10)
        for (struct, name), value in defaults.items():
            with self.subTest(name):
                comment = header_comment(header, struct, name)
                self.assertTrue(says(comment, sizes(value)), f"{value}: {comment}")

    def test_comments_say_the_defaults_of_sockets(self):
        header = text_of(os.path.join(CORE, "include", "vn_websocket.h"))
        options = text_of(os.path.join(VANILLA, "WebSocket", "WebSocket+Options.swift"))
        rows = {
            name: row[1] for row in rows_of("Limits of WebSockets") for name in re.findall(r"`(\w+)`", row[0])
        }
        defaults = c_defaults("vn_websocket_options_init")
        self.assertEqual(len(defaults), 9)
        for name, value in defaults.items():
            with self.subTest(name):
                comment = header_comment(header, "vn_websocket_options", name)
                if value == 2**64 - 1:
                    self.assertIn("UINT64_MAX", comment)
                    continue
                self.assertTrue(says(comment, sizes(value)), f"{value}: {comment}")
                said = spellings("", name, value)
                self.assertTrue(says(doc_comment(options, camel(name)), said), name)
                self.assertTrue(says(rows[camel(name)], said), name)

    def test_doc_comments_say_the_defaults_of_a_server(self):
        for path, value in c_defaults("vn_config_init").items():
            group, _, name = path.rpartition(".")
            if name in ("port", "unix_mode", "listener_count"):
                continue
            file = f"Configuration+{group.capitalize()}.swift" if group else "Configuration.swift"
            with self.subTest(path):
                comment = doc_comment(text_of(os.path.join(VANILLA, "Server", file)), camel(name))
                self.assertIn("default", comment)
                if camel(name) in IN_WORDS:
                    self.assertIn(IN_WORDS[camel(name)], comment)
                else:
                    said = spellings(group, name, value)
                    self.assertTrue(says(comment, said), f"{said}: {comment}")

    def test_doc_comments_say_the_defaults_of_events(self):
        stream = text_of(os.path.join(VANILLA, "Events", "EventStream+Options.swift"))
        hub = text_of(os.path.join(VANILLA, "Events", "EventHub+Options.swift"))
        values = c_defaults("vn_event_stream_init")
        self.assertTrue(says(doc_comment(stream, "heartbeat"), times(values["heartbeat"])))
        self.assertTrue(says(doc_comment(stream, "shutdownSpread"), times(values["shutdown_spread"])))
        least, most = values["retry_min"] // 1000, values["retry_max"] // 1000
        self.assertIn(f"{least} to {most} seconds", " ".join(doc_comment(stream, "retry").split()))
        for path, value in c_defaults("vn_hub_options_init").items():
            name = path.rpartition(".")[2]
            with self.subTest(path):
                comment = doc_comment(hub, camel(name))
                self.assertTrue(says(comment, spellings("", name, value)), f"{value}: {comment}")

    def test_swift_has_no_default_of_its_own_beside_c(self):
        """Options of sizes and times are read from C."""
        for file in ("Server/Configuration+Limits", "Server/Configuration+Deadlines",
                     "Events/EventStream+Options", "Events/EventHub+Options",
                     "WebSocket/WebSocket+Options"):
            with self.subTest(file):
                source = text_of(os.path.join(VANILLA, f"{file}.swift"))
                self.assertNotRegex(source, r"public var \w+[^\n]*= *(\d|\.\w*seconds|Duration)")
        # A default of an argument cannot be read from C.
        address = text_of(os.path.join(VANILLA, "Server", "Configuration+Address.swift"))
        mode = c_defaults("vn_config_init")["unix_mode"]
        self.assertIn(f"permissions: Int = 0o{mode:o}", address)
        port = c_defaults("vn_config_init")["port"]
        for file in ("Configuration", "Server", "Server+Routing"):
            source = text_of(os.path.join(VANILLA, "Server", f"{file}.swift"))
            self.assertEqual(set(re.findall(r"port: (?:Int = )?(\d+)\b(?! *\) \{ request)", source))
                             - {"8080"}, {str(port)}, file)

    def test_security_says_the_limits_and_deadlines(self):
        defaults = c_defaults("vn_config_init")
        for title, group in (("Limits", "limits"), ("Deadlines", "deadlines")):
            rows = {
                name: row[1] for row in rows_of(title) for name in re.findall(r"`(\w+)`", row[0])
            }
            for path, value in defaults.items():
                if not path.startswith(group):
                    continue
                name = path.rpartition(".")[2]
                with self.subTest(path):
                    cell = rows[camel(name)]
                    if value == 2**64 - 1:
                        self.assertEqual(cell, "none")
                    else:
                        cell = cell.replace("/s", " ")
                        self.assertTrue(says(cell, spellings(group, name, value)), f"{value}: {cell}")

    def test_security_says_the_limits_of_events(self):
        rows = {row[0]: row[1] for row in rows_of("Limits of events")}
        values = c_defaults("vn_hub_options_init")
        self.assertTrue(says(rows["topics of a hub"], sizes(values["topics"])))
        for name in ("history_events", "history_bytes", "history_age"):
            said = spellings("", name, values[f"topic.{name}"])
            self.assertTrue(says(rows["history"], said), name)
        for name in ("backlog_bytes", "backlog_age"):
            said = spellings("", name, values[f"topic.{name}"])
            self.assertTrue(says(rows["waiting for a subscriber"], said), name)

    def test_readme_says_the_same(self):
        said = sizes(c_defaults("vn_config_init")["port"])
        self.check_page("README.md", [(r"the port, (\S+) by default", said)])

    def test_handlers_say_the_same(self):
        server = c_defaults("vn_config_init")
        stream = c_defaults("vn_event_stream_init")
        topic = c_defaults("vn_hub_options_init")
        minutes = {5: "five"}[topic["topic.history_age"] // 60_000]
        self.check_page(os.path.join("docs", "HANDLERS.md"), [
            (r"bodies of (\d+ \w+)", sizes(server["limits.body"])),
            (r"missed, up to (\S+) events", sizes(topic["topic.history_events"])),
            (r"missed, up to \S+ events or (\d+ \w+)", sizes(topic["topic.history_bytes"])),
            (r"missed, up to \S+ events or \d+ \w+ or (\w+) minutes", {minutes}),
            (r"At most (\d+ \w+) waits? for one client", sizes(topic["topic.backlog_bytes"])),
            (r"A comment every (\d+ s)", times(stream["heartbeat"])),
        ])

    def check_page(self, path, patterns):
        """Each pattern is found on a page, and what it finds is one of those spellings."""
        text = " ".join(text_of(os.path.join(ROOT, path)).split())
        for pattern, said in patterns:
            with self.subTest(pattern):
                found = re.search(pattern, text)
                self.assertIsNotNone(found)
                self.assertIn(found[1], said)


class Reading(unittest.TestCase):
    """The test reads what it is to read."""

    def test_of_c(self):
        self.assertEqual(
            members(".a = 1, .b = {.c = 2 * 1024, .d = UINT64_MAX,}, .e = 0600"),
            {"a": 1, "b.c": 2048, "b.d": 2**64 - 1, "e": 0o600})

    def test_of_words(self):
        self.assertTrue(says("16 KiB; 414", sizes(16384)))
        self.assertTrue(says("of 10\n seconds.", times(10000)))
        self.assertFalse(says("116 KiB", sizes(16384)))
        self.assertFalse(says("10,000", sizes(10)))


if __name__ == "__main__":
    unittest.main()
