# SPDX-License-Identifier: MIT
"""The direction of dependencies, file by file.

base <- system <- ring, base <- http, {base, system, ring} <- loop, {loop, http} <- serve <- events,
serve <- server, the core <- Vanilla <- other libraries <- examples <- bench. In no folder do files depend
on one another in a circle, in C or in Swift.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "clients"))

import harness  # noqa: E402

CORE = os.path.join(ROOT, "Sources", "CVanillaIO")
VANILLA = os.path.join(ROOT, "Sources", "Vanilla")
VANILLA_TESTING = os.path.join(ROOT, "Sources", "VanillaTesting")
VANILLA_POSTGRES = os.path.join(ROOT, "Sources", "VanillaPostgres")
VANILLA_JSON = os.path.join(ROOT, "Sources", "VanillaJSON")
HEXAGONAL = os.path.join(ROOT, "Sources", "VanillaExamples", "Hexagonal")

# What a file of each folder may include besides those of its own.
ALLOWED = {
    "include": set(),
    "base": set(),
    "system": {"base"},
    "ring": {"base", "system"},
    "http": {"base", "include"},
    "loop": {"base", "system", "ring", "include"},
    "serve": {"base", "system", "ring", "http", "loop", "include"},
    "events": {"base", "system", "http", "serve", "include"},
    "server": {"base", "system", "ring", "loop", "serve", "include"},
}

# Only these folders may know of which system they run on.
PLATFORM_FOLDERS = {"system", "ring"}
ONE_PLATFORM_HEADERS = r"^(linux/|sys/(epoll|eventfd|event|timerfd|signalfd|prctl|syscall)\.h|liburing\.h)"
# Others have sched.h, too, and less in it.
PLATFORM_HEADERS = rf"{ONE_PLATFORM_HEADERS}|^sched\.h"
PLATFORM_WORDS = (
    r"\b(accept4|eventfd|epoll_\w+|io_uring_\w+|kqueue|kevent|sigtimedwait|getrandom|TIOCOUTQ|SOCK_CLOEXEC|"
    r"SOCK_NONBLOCK|MSG_NOSIGNAL|CLOCK_\w+_COARSE|sched_\w+|pthread_setaffinity_np|gettid|__linux__|__APPLE__|"
    r"__FreeBSD__)\b"
)

LINES_MAX = 700
COLUMNS_MAX = 100

# http/ is pure: types, memory that it was given, and vector instructions.
PURE_HEADERS = {
    "assert.h",
    "stdbool.h",
    "stddef.h",
    "stdint.h",
    "string.h",
    "arm_neon.h",
    "emmintrin.h",
    "immintrin.h",
    "xxhash.h",
}
IMPURE_WORDS = r"\b(errno|malloc|calloc|realloc|free|time|clock_gettime|socket|read|write|recv|send)\s*\("

# One file for a platform, wholly inside one #if.
PLATFORM_FILES = (
    "ring/uring.c",
    "ring/uring_open.c",
    "ring/epoll.c",
    "http/scan_x86.c",
    "http/scan_arm.c",
    "http/scan_other.c",
    "system/memory_glibc.c",
    "system/memory_other.c",
    "ring/kqueue.c",
    "system/accept_darwin.c",
    "system/accept_other.c",
    "system/cpus_linux.c",
    "system/cpus_bsd.c",
    "system/cpus_darwin.c",
    "system/file_darwin.c",
    "system/file_linux.c",
    "system/file_other.c",
    "system/listener_linux.c",
    "system/listener_bsd.c",
    "system/listener_darwin.c",
    "system/poll_darwin.c",
    "system/poll_other.c",
    "system/socket_bsd.c",
    "system/socket_darwin.c",
    "system/socket_linux.c",
    "system/wakeup_linux.c",
    "system/wakeup_other.c",
)

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
# An address has two slashes, too.
COMMENT_OF_A_MANIFEST = re.compile(r"^\s*//[^\n]*", re.MULTILINE)
IMPORT = re.compile(r"^\s*(?:@\S+\s+)*(?:\w+\s+)?import\s+(\S+)", re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def files(top, *endings):
    for folder, _, names in os.walk(top):
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.join(folder, name)


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def code_of(path, comment=COMMENT):
    """A file's text without its comments."""
    return comment.sub("", text_of(path))


MODIFIERS = r"(?:(?:public|package|internal|private|fileprivate|final|indirect|@\w+(?:\([^)]*\))?) )*"
SWIFT_TYPE = re.compile(rf"^(    )?{MODIFIERS}(class|struct|enum|protocol|actor|typealias|extension) ([\w.]+)", re.M)


def swift_text(path):
    """A file's text without comments and strings."""
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', code_of(path))


def swift_types(text):
    """The types that a file declares, and those that it extends, by their full names."""
    declared, extended, outer = set(), set(), ""
    for indentation, keyword, name in SWIFT_TYPE.findall(text):
        if keyword == "extension":
            extended.add(name)
        else:
            declared.add(f"{outer}.{name}" if indentation else name)
        if not indentation:
            outer = name
    return declared, extended


def known_files(paths):
    """For each of these Swift files the others that declare the types that it names. Of `Server.Backend` the
    file is that of `Backend`, and who extends a type is a part of it, and does not know it for that."""
    texts = {path: swift_text(path) for path in paths}
    types = {path: swift_types(text) for path, text in texts.items()}
    homes = {name: path for path, (declared, _) in types.items() for name in declared}
    knows = {}
    for path, text in texts.items():
        declared, extended = types[path]
        scopes = {""}
        for name in declared | extended:
            parts = name.split(".")
            scopes |= {".".join(parts[: count + 1]) + "." for count in range(len(parts))}
        text = re.sub(r"^(\s*(?:\w+ )*extension )[\w.]+", r"\1", text, flags=re.M)
        known = set()
        for chain in re.findall(r"\b[A-Z]\w*(?:\.[A-Z]\w*)*", text):
            parts = chain.split(".")
            names = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
            found = (homes[scope + name] for name in names for scope in scopes if scope + name in homes)
            known.add(next(found, path))
        knows[path] = known - {path}
    return knows


def core_files():
    return list(files(CORE, ".c", ".h"))


def folder_of(path):
    return os.path.relpath(path, CORE).split(os.sep)[0]


def short(path):
    return os.path.relpath(path, ROOT)


def unit_of(path):
    """A header and its source are one: `loop/timer.h` and `loop/timer.c` are `timer`."""
    return os.path.basename(path).split(".")[0]


def includes_by_unit(folder):
    """Which units of a folder each of its units includes."""
    units = {}
    for path in files(os.path.join(CORE, folder), ".c", ".h"):
        included = units.setdefault(unit_of(path), set())
        for kind, name in INCLUDE.findall(code_of(path)):
            target = os.path.normpath(os.path.join(os.path.dirname(path), name))
            if kind == '"' and folder_of(target) == folder and unit_of(target) != unit_of(path):
                included.add(unit_of(target))
    return units


def circles(units):
    """The units that are left when those are taken away, again and again, that depend on no other one."""
    left = dict(units)
    while True:
        leaves = {unit for unit, included in left.items() if not included & set(left)}
        if not leaves:
            return sorted(left)
        for unit in leaves:
            del left[unit]


class Core(unittest.TestCase):
    def test_has_its_folders(self):
        found = {folder_of(path) for path in core_files()}
        self.assertEqual(found, set(ALLOWED))

    def test_includes_point_one_way(self):
        for path in core_files():
            with self.subTest(short(path)):
                for kind, name in INCLUDE.findall(code_of(path)):
                    if kind == "<":
                        continue
                    target = os.path.normpath(os.path.join(os.path.dirname(path), name))
                    self.assertTrue(os.path.isfile(target), f"{name}: not relative, or not there")
                    folder = folder_of(path)
                    self.assertIn(folder_of(target), ALLOWED[folder] | {folder}, name)

    def test_no_files_of_a_folder_form_a_circle(self):
        for folder in ALLOWED:
            with self.subTest(folder):
                self.assertEqual(circles(includes_by_unit(folder)), [])

    def test_no_file_is_long(self):
        for path in core_files():
            with self.subTest(short(path)):
                self.assertLessEqual(len(text_of(path).splitlines()), LINES_MAX)

    def test_only_some_folders_know_the_system(self):
        for path in core_files():
            if folder_of(path) in PLATFORM_FOLDERS:
                continue
            with self.subTest(short(path)):
                code = code_of(path)
                for _, name in INCLUDE.findall(code):
                    self.assertNotRegex(name, PLATFORM_HEADERS)
                self.assertIsNone(re.search(PLATFORM_WORDS, code))

    def test_ring_knows_no_http(self):
        for path in files(os.path.join(CORE, "ring"), ""):
            with self.subTest(short(path)):
                self.assertNotIn("http", text_of(path).lower())

    def test_http_is_pure(self):
        for path in files(os.path.join(CORE, "http"), ".c", ".h"):
            with self.subTest(short(path)):
                code = code_of(path)
                system = {name for kind, name in INCLUDE.findall(code) if kind == "<"}
                self.assertLessEqual(system, PURE_HEADERS)
                self.assertIsNone(re.search(IMPURE_WORDS, code))

    def test_platform_files_are_known(self):
        for folder in ("ring", "system", "http"):
            for name in sorted(os.listdir(os.path.join(CORE, folder))):
                path = f"{folder}/{name}"
                if not name.endswith(".c") or path in PLATFORM_FILES:
                    continue
                with self.subTest(path):
                    self.assertNotRegex(name, r"_(linux|other|glibc|bsd|darwin|x86|arm)\.c$")
                    for header in re.findall(r'#include <([^>]+)>', code_of(os.path.join(CORE, path))):
                        self.assertNotRegex(header, ONE_PLATFORM_HEADERS)

    def test_a_platform_is_a_whole_file(self):
        for name in PLATFORM_FILES:
            with self.subTest(name):
                lines = [line for line in code_of(os.path.join(CORE, name)).splitlines() if line]
                directives = [line for line in lines if line.startswith("#")]
                # An include of the seam may stand before it.
                first = next(line for line in directives if not line.startswith("#include"))
                self.assertRegex(first, r"^#if")
                self.assertEqual(lines[-1].strip(), "#endif")

    def compile(self, text, *options):
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "user.c")
            with open(source, "w") as file:
                file.write(text)
            status, said = harness.run_tool(
                harness.settings["clang"], "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *options,
                source,
            )  # fmt: skip
        self.assertEqual(status, 0, said)

    def test_each_header_stands_alone(self):
        for path in files(CORE, ".h"):
            if path.endswith(".c.h"):
                continue  # a text that several files compile, each with words of its own
            with self.subTest(short(path)):
                self.compile(f'#include "{path}"\n', "-std=gnu17", "-D_GNU_SOURCE")

    def test_the_public_header_is_standard_c(self):
        include = os.path.join(CORE, "include")
        for standard in ("c11", "c17"):
            with self.subTest(standard):
                options = (f"-std={standard}", "-pedantic", "-I", include)
                self.compile("#include <CVanillaIO.h>\n", *options)

    def test_the_program_of_checks_has_all_of_them(self):
        tests = os.path.join(ROOT, "Tests")
        program = text_of(os.path.join(tests, "CVanillaIOProgram", "checks.c"))
        for path in files(os.path.join(tests, "CVanillaIOChecks", "include"), ".h"):
            for name in re.findall(r"\b(vn_check_\w+)\(", code_of(path)):
                with self.subTest(name):
                    self.assertTrue(f"{name}(" in program)

    def test_each_file_names_its_licence(self):
        for path in core_files():
            with self.subTest(short(path)):
                self.assertTrue(text_of(path).startswith("// SPDX-License-Identifier: MIT\n"))


class TLS(unittest.TestCase):
    """OpenSSL is known to its own target, which stands on the core."""

    TOP = os.path.join(ROOT, "Sources", "CVanillaTLS")

    def test_only_its_target_includes_openssl(self):
        digest = os.path.join(ROOT, "Sources", "CCrypto")
        for path in files(os.path.join(ROOT, "Sources"), ".c", ".h"):
            if "/.build" in path or path.startswith((self.TOP, digest)):
                continue
            with self.subTest(short(path)):
                self.assertNotRegex(text_of(path), r"#include <openssl/")

    def test_includes_itself_and_what_carries_connections(self):
        for path in files(self.TOP, ".c", ".h"):
            for kind, name in INCLUDE.findall(code_of(path)):
                if kind == "<":
                    continue
                with self.subTest(f"{short(path)}: {name}"):
                    beside = os.path.join(os.path.dirname(path), name)
                    own = os.path.isfile(beside) or os.path.isfile(os.path.join(self.TOP, name))
                    self.assertTrue(own or name in ("serve/connection.h", "base/base.h"))

    def test_no_file_is_long(self):
        for path in files(self.TOP, ".c", ".h"):
            with self.subTest(short(path)):
                self.assertLessEqual(len(text_of(path).splitlines()), 500)
                self.assertTrue(text_of(path).startswith("// SPDX-License-Identifier: MIT\n"))

    def test_swift_imports_it_for_itself_alone(self):
        for name in ("VanillaTLS", "VanillaTestingTLS"):
            paths = list(files(os.path.join(ROOT, "Sources", name), ".swift"))
            self.assertGreater(len(paths), 0)
            for path in paths:
                with self.subTest(short(path)):
                    allowed = {"Vanilla", "VanillaTLS", "VanillaTesting", "CVanillaTLS"}
                    self.assertLessEqual(set(IMPORT.findall(code_of(path))), allowed)
                    for line in re.findall(r"^.*\bimport\s+CVanillaTLS.*$", code_of(path), re.M):
                        self.assertEqual(line, "internal import CVanillaTLS")


class Compression(unittest.TestCase):
    """The libraries of the codings are known to their own target, which knows of the core what is public."""

    TOP = os.path.join(ROOT, "Sources", "CVanillaCompression")

    def test_only_its_target_includes_the_libraries(self):
        for path in files(os.path.join(ROOT, "Sources"), ".c", ".h"):
            if "/.build" in path or path.startswith(self.TOP):
                continue
            with self.subTest(short(path)):
                self.assertNotRegex(text_of(path), r"#include <(zlib|zstd|brotli/)")

    def test_includes_itself_and_the_public_core(self):
        paths = list(files(self.TOP, ".c", ".h"))
        self.assertGreater(len(paths), 5)
        for path in paths:
            for kind, name in INCLUDE.findall(code_of(path)):
                with self.subTest(f"{short(path)}: {name}"):
                    beside = os.path.join(os.path.dirname(path), name)
                    own = os.path.isfile(beside) or os.path.isfile(os.path.join(self.TOP, name))
                    own = own or name == "include/vn_message_codec.h"
                    self.assertTrue(own if kind == '"' else not name.startswith("serve/"))

    def test_swift_imports_it_for_itself_alone(self):
        for path in files(os.path.join(ROOT, "Sources", "VanillaCompression"), ".swift"):
            with self.subTest(short(path)):
                for line in re.findall(r"^.*\bimport\s+CVanillaCompression.*$", code_of(path), re.M):
                    self.assertEqual(line, "internal import CVanillaCompression")


class Swift(unittest.TestCase):
    def test_vanilla_imports_no_foundation(self):
        for path in files(VANILLA, ".swift"):
            with self.subTest(short(path)):
                allowed = {"CVanillaIO", "Synchronization", "CLibrary"}
                self.assertLessEqual(set(IMPORT.findall(code_of(path))), allowed)

    def test_testing_imports_vanilla_and_no_foundation(self):
        paths = list(files(VANILLA_TESTING, ".swift"))
        self.assertGreater(len(paths), 0)
        for path in paths:
            with self.subTest(short(path)):
                allowed = {"Vanilla", "CLibrary"}
                self.assertLessEqual(set(IMPORT.findall(code_of(path))), allowed)

    def test_one_file_knows_whose_the_c_library_is(self):
        libraries = re.compile(r"^\s*(?:@\w+ )*(?:\w+ )?import (Glibc|Musl|Darwin)$", re.MULTILINE)
        for top in ("Sources", "Tests", "bench"):
            for path in files(os.path.join(ROOT, top), ".swift"):
                name = os.path.relpath(path, ROOT)
                # A package that does not use this one.
                if name.startswith("bench/hummingbird/"):
                    continue
                found = set(libraries.findall(code_of(path)))
                with self.subTest(name):
                    is_it = name == "Sources/CLibrary/CLibrary.swift"
                    self.assertEqual(found, {"Glibc", "Musl", "Darwin"} if is_it else set())

    def test_json_for_testing_imports_what_it_joins(self):
        paths = list(files(VANILLA_TESTING + "JSON", ".swift"))
        self.assertGreater(len(paths), 0)
        for path in paths:
            with self.subTest(short(path)):
                allowed = {"Vanilla", "VanillaJSON", "VanillaTesting", "FoundationEssentials", "Foundation"}
                self.assertLessEqual(set(IMPORT.findall(code_of(path))), allowed)

    def test_json_imports_vanilla_and_foundation_alone(self):
        paths = list(files(VANILLA_JSON, ".swift")) + list(files(VANILLA + "Foundation", ".swift"))
        self.assertGreater(len(paths), 0)
        for path in paths:
            with self.subTest(short(path)):
                allowed = {"Vanilla", "FoundationEssentials", "Foundation"}
                self.assertLessEqual(set(IMPORT.findall(code_of(path))), allowed)

    def test_postgres_imports_vanilla_and_libpq_for_itself_alone(self):
        paths = list(files(VANILLA_POSTGRES, ".swift"))
        self.assertGreater(len(paths), 0)
        for path in paths:
            with self.subTest(short(path)):
                allowed = {"Vanilla", "CPostgres", "Synchronization", "CLibrary"}
                self.assertLessEqual(set(IMPORT.findall(code_of(path))), allowed)
                for line in re.findall(r"^.*\bimport\s+CPostgres.*$", code_of(path), re.M):
                    self.assertEqual(line, "internal import CPostgres")

    def test_foundation_for_postgres_imports_its_essentials_and_postgres(self):
        paths = list(files(VANILLA_POSTGRES + "Foundation", ".swift"))
        self.assertGreater(len(paths), 0)
        for path in paths:
            with self.subTest(short(path)):
                allowed = {"VanillaPostgres", "FoundationEssentials", "Foundation"}
                self.assertLessEqual(set(IMPORT.findall(code_of(path))), allowed)

    def test_no_files_of_a_folder_know_each_other_in_a_circle(self):
        folders = {}
        for path in files(os.path.join(ROOT, "Sources"), ".swift"):
            if "/.build" not in path and not path.endswith("/Package.swift"):
                folders.setdefault(os.path.dirname(path), []).append(path)
        self.assertGreater(len(folders), 25)
        for folder, paths in folders.items():
            with self.subTest(short(folder)):
                self.assertEqual(list(map(short, circles(known_files(paths)))), [])

    def test_no_files_of_postgres_know_each_other_in_a_circle(self):
        paths = list(files(VANILLA_POSTGRES, ".swift"))
        self.assertGreater(len(paths), 40)
        self.assertEqual(list(map(short, circles(known_files(paths)))), [])

    def test_finds_a_circle(self):
        texts = {
            "a.swift": "struct A {\n    enum Part {}\n    let b: B\n}\n",
            "b.swift": "struct B {\n    let part: A.Part\n}\n",
            "c.swift": "extension A {\n    struct Other {}\n}\n",
            "d.swift": "// A\nstruct D {\n    let other: A.Other\n}\n",
        }
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in texts]
            for path, text in zip(paths, texts.values()):
                with open(path, "w") as file:
                    file.write(text)
            knows = known_files(paths)
        a, b, c, d = paths
        self.assertEqual(knows, {a: {b}, b: {a}, c: set(), d: {c}})
        self.assertEqual(circles(knows), [a, b])

    def test_nothing_below_imports_postgres(self):
        digest = os.path.join(ROOT, "Sources", "VanillaDigest")
        with_json = [VANILLA_TESTING + "JSON", VANILLA_JSON]
        below = [VANILLA, VANILLA + "Foundation", VANILLA_TESTING, *with_json, digest]
        for path in [path for top in below for path in files(top, ".swift")]:
            with self.subTest(short(path)):
                imported = set(IMPORT.findall(code_of(path)))
                self.assertTrue(imported.isdisjoint({"VanillaPostgres", "CPostgres"}))

    def test_the_hexagon_imports_nothing_from_outside(self):
        for folder, allowed in (("Domain", set()), ("Application", {"HexagonalDomain"})):
            paths = list(files(os.path.join(HEXAGONAL, folder), ".swift"))
            self.assertGreater(len(paths), 0)
            for path in paths:
                with self.subTest(short(path)):
                    self.assertLessEqual(set(IMPORT.findall(code_of(path))), allowed)

    def test_adapters_of_the_hexagon_do_not_know_each_other(self):
        # What an adapter is made with stays in its folder.
        homes = (("CSQLite", "SQLite"), ("CArgon2", "Argon2"), ("VanillaPostgres", "Postgres"),
                 ("VanillaJSON", "HTTP"))  # fmt: skip
        for module, folder in homes:
            for path in files(os.path.join(HEXAGONAL, "Adapters"), ".swift"):
                if module in IMPORT.findall(code_of(path)):
                    with self.subTest(short(path)):
                        self.assertEqual(os.path.basename(os.path.dirname(path)), folder)

    def test_vanilla_imports_the_core_for_itself_alone(self):
        for path in files(VANILLA, ".swift"):
            with self.subTest(short(path)):
                for line in re.findall(r"^.*\bimport\s+CVanillaIO.*$", code_of(path), re.M):
                    self.assertRegex(line, r"^\s*(internal|private|fileprivate) import CVanillaIO$")

    def test_the_public_api_shows_no_c_type(self):
        extract = shutil.which("swift-symbolgraph-extract")
        self.assertIsNotNone(extract, "part of the Swift toolchain")
        modules = os.path.join(harness.settings["bin"], "Modules")
        self.assertTrue(os.path.isdir(modules), "build the package first")
        said = subprocess.run(
            ["swiftc", "-print-target-info"], capture_output=True, check=True, text=True
        ).stdout
        target = json.loads(said)["target"]["triple"]
        with tempfile.TemporaryDirectory() as folder:
            status, said = harness.run_tool(
                extract, "-module-name", "Vanilla", "-target", target, "-I", modules,
                "-I", os.path.join(CORE, "include"), "-output-dir", folder,
                "-minimum-access-level", "public",
            )  # fmt: skip
            self.assertEqual(status, 0, said)
            symbols = json.loads(text_of(os.path.join(folder, "Vanilla.symbols.json")))["symbols"]
        self.assertGreater(len(symbols), 20)
        for symbol in symbols:
            for fragment in symbol.get("declarationFragments", []):
                identifier = fragment.get("preciseIdentifier", "")
                shown = f"{'.'.join(symbol['pathComponents'])}: {fragment['spelling']}"
                self.assertFalse(identifier.startswith("c:"), shown)
                self.assertNotRegex(fragment["spelling"], r"\bvn_|\bVN_|OpaquePointer", shown)


class Columns(unittest.TestCase):
    """Of code the formatters see to it; they leave comments as they are."""

    def test_comments_fit(self):
        count = 0
        for top in ("Sources", "Tests", "bench"):
            for path in files(os.path.join(ROOT, top), ".swift", ".c", ".h"):
                if "/.build" in path:
                    continue
                count += 1
                lines = enumerate(text_of(path).splitlines(), 1)
                comments = ((number, line) for number, line in lines if line.lstrip().startswith(("//", "/*", "*")))
                with self.subTest(short(path)):
                    self.assertEqual([number for number, line in comments if len(line) > COLUMNS_MAX], [])
        self.assertGreater(count, 400)


class Package(unittest.TestCase):
    # The packages, each with those that it may depend on: a path, or where it is fetched from.
    DEPENDENCIES = {
        ".": [],
        "Sources/VanillaExamples": ["../..", "https://github.com/apple/swift-argument-parser"],
        "bench": [
            "..", "../Sources/VanillaExamples", "https://github.com/apple/swift-argument-parser",
        ],
    }  # fmt: skip

    def manifest(self, package):
        return code_of(os.path.join(ROOT, package, "Package.swift"), COMMENT_OF_A_MANIFEST)

    def test_sets_no_unsafe_flags(self):
        for package in self.DEPENDENCIES:
            with self.subTest(package):
                self.assertNotIn("unsafeFlags", self.manifest(package))

    def test_depends_on_what_it_may(self):
        # A user of the libraries fetches nothing, and nothing depends on what it is measured beside.
        for package, allowed in self.DEPENDENCIES.items():
            with self.subTest(package):
                text = self.manifest(package)
                found = re.findall(r'\.package\([^)]*?\b(?:url|path): "([^"]+)"', text)
                self.assertEqual(found, allowed)
                self.assertEqual(len(found), len(re.findall(r"\.package\(", text)))

    def test_links_in_the_libraries_what_they_need_alone(self):
        # Of the system: liburing, libxxhash (a header), libcrypto, libssl, libpq, and those of compression.
        text = self.manifest(".")
        self.assertEqual(
            re.findall(r'\.systemLibrary\(name: "(\w+)"', text),
            ["CCrypto", "COpenSSL", "CZlib", "CBrotli", "CZstd", "CPostgres"],
        )
        self.assertEqual(
            re.findall(r'\.linkedLibrary\("(\w+)"', text),
            ["uring", "ssl", "crypto", "z", "brotlienc", "brotlidec", "zstd"],
        )

    def test_links_no_openssl_for_those_who_do_not_import_it(self):
        # A program of Vanilla alone.
        program = os.path.join(harness.settings["bin"], "VanillaRouterBench")
        if not os.path.exists(program):
            self.skipTest("the package bench was not built")
        status, said = harness.run_tool("readelf", "--dynamic", program)
        self.assertEqual(status, 0, said)
        self.assertNotRegex(said, r"NEEDED.*lib(ssl|crypto|z|brotli|zstd)")
        status, said = harness.run_tool("readelf", "--wide", "--dyn-syms", program)
        self.assertEqual((status, re.findall(r"\b(?:SSL|EVP|BIO)_\w+", said)), (0, []))

    def test_claims_darwin_once_it_runs_there(self):
        has_backend = os.path.exists(os.path.join(CORE, "ring", "kqueue.c"))
        self.assertEqual(".macOS(" in self.manifest("."), has_backend)

    def test_workflows_name_actions_by_their_commits(self):
        top = os.path.join(ROOT, ".github", "workflows")
        found = [
            action for path in files(top, ".yml") for action in re.findall(r"\buses: *(.*)", text_of(path))
        ]
        self.assertGreater(len(found), 0)
        for action in found:
            with self.subTest(action):
                self.assertRegex(action, r"^[\w-]+/[\w-]+@[0-9a-f]{40}( # v[\d.]+)?$")

    def test_names_no_place_of_a_machine(self):
        listed = subprocess.run(
            ["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"],
            capture_output=True, check=True, text=True,
        ).stdout.split("\n")  # fmt: skip
        for name in filter(None, listed):
            path = os.path.join(ROOT, name)
            if os.path.isfile(path) and not name.startswith("bench/results/"):
                with self.subTest(name), open(path, "rb") as file:  # seeds are no text, either
                    self.assertNotRegex(file.read(), rb"/(home|Users|root|work)/[a-z]")
