"""Runs a program on a terminal of its own: COLUMNS ROWS KEYS PROGRAM [ARGUMENT...].

Types KEYS once a third picture was drawn, prints all that the program wrote, and ends as it did.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

columns, rows = int(sys.argv[1]), int(sys.argv[2])
keys = sys.argv[3].encode().decode("unicode_escape").encode()
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[4], sys.argv[4:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
before = termios.tcgetattr(terminal)
written = b""
typed = False
deadline = time.time() + 60
while time.time() < deadline:
    if not select.select([terminal], [], [], 0.1)[0]:
        continue
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    written += data
    if not typed and written.count(b"\x1b[H") >= 3:
        # Raw while it is drawn: the terminal itself would make a signal of Ctrl-C.
        raw = termios.tcgetattr(terminal)
        assert not raw[3] & termios.ISIG, "keys are not read one by one"
        os.write(terminal, keys)
        typed = True
    # What was raw is as it was before, when the picture is gone.
    if written.endswith(b"\x1b[?1049l"):
        assert termios.tcgetattr(terminal)[3] == before[3], "the terminal is still raw"
sys.stdout.buffer.write(written)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
