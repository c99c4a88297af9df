# SPDX-License-Identifier: MIT
"""Where the system forbids io_uring: `auto` takes epoll and says so once; asked for by name, it is an error."""

import ctypes
import errno
import struct
import subprocess
import sys
import unittest

from harness import HAS_KQUEUE_MODEL, Server, clean_environment, program

IO_URING_SETUP = 425  # the same number on every architecture


def forbid(refusal):
    """As containers do: a seccomp filter that answers io_uring_setup with `refusal`, kept across exec."""
    instructions = [
        (0x20, 0, 0, 0),  # load the system call's number
        (0x15, 0, 1, IO_URING_SETUP),
        (0x06, 0, 0, 0x00050000 | refusal),  # SECCOMP_RET_ERRNO
        (0x06, 0, 0, 0x7FFF0000),  # SECCOMP_RET_ALLOW
    ]
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
    buffer = ctypes.create_string_buffer(code)

    class Program(ctypes.Structure):
        _fields_ = [("count", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    filter_program = Program(len(instructions), ctypes.cast(buffer, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_seccomp, filter_mode = 38, 22, 2
    if libc.prctl(no_new_privileges, 1, 0, 0, 0) or libc.prctl(set_seccomp, filter_mode, ctypes.byref(filter_program)):
        raise OSError(ctypes.get_errno(), "seccomp")


def forbidden(refusal, *command):
    """`command` under that filter, as a command of its own."""
    return [sys.executable, "-c", FORBIDDING, str(refusal), *command]


FORBIDDING = (
    "import os, sys; sys.path.insert(0, %r); import test_fallback; "
    "test_fallback.forbid(int(sys.argv[1])); os.execv(sys.argv[2], sys.argv[2:])" % sys.path[0]
)


class Fallback(unittest.TestCase):
    def test_takes_epoll_and_says_so_once(self):
        for refusal in (errno.EPERM, errno.ENOSYS, errno.ENOMEM):
            with self.subTest(errno.errorcode[refusal]):
                command = forbidden(refusal, program("arena"), "--port", "0", "--workers", "2")
                with Server(command) as server:
                    self.assertEqual(server.backend, "epoll")
                    # The log has a thread of its own, which is done when the server has stopped.
                    self.assertEqual(server.stop(), 0)
                    self.assertEqual(server.log().count("epoll"), 1, server.log())

    def test_is_an_error_where_io_uring_was_asked_for(self):
        command = forbidden(errno.EPERM, program("arena"), "--port", "0", "--backend", "io_uring")
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean_environment())
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("io_uring", done.stderr)
        self.assertEqual(done.stdout, "")

    @unittest.skipIf(HAS_KQUEUE_MODEL or sys.platform != "linux", "kqueue is there")
    def test_a_backend_of_another_system_is_refused_and_why(self):
        command = [program("arena"), "--port", "0", "--backend", "kqueue"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean_environment())
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("kqueue is not available: it is one of macOS and FreeBSD", done.stderr)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
