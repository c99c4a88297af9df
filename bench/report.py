# SPDX-License-Identifier: MIT
"""What the measuring programs share: which cores, the head of a report, and where it goes."""

import datetime
import os
import platform
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def two_cores():
    """One for the server and one for the load; neither where only one is allowed."""
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else (None, None)


def heading(title, command, cores, shared, apart):
    """`shared` is said where there is one core for all, `apart` where each has its own."""
    revision = subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True
    ).stdout.strip()
    yield f"# {title}, {datetime.date.today().isoformat()}\n"
    yield (
        f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} CPUs,"
        f" revision {revision or 'unknown'}; `{command}`."
    )
    yield f"\n**Only one CPU is allowed here: {shared}**" if cores[0] is None else apart


def without_folders(words):
    """The words of a command, without where on this machine their files are."""
    return [re.sub(r"(^|=)/.*/(?=.)", r"\1.../", word) for word in words]


def printed(lines):
    """Print each line as it comes. Returns them all."""
    kept = []
    for line in lines:
        print(line, flush=True)
        kept.append(line)
    return kept


def save(lines, suffix=""):
    """Write bench/results/DATE and the suffix. Returns the path within the repository."""
    folder = os.path.join(ROOT, "bench", "results")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, time.strftime("%Y-%m-%d") + suffix + ".md")
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")
    return os.path.relpath(path, ROOT)


def progress(text):
    print(text, file=sys.stderr, flush=True)
