"""Run as a program: becomes an MCP server that has the variables that it was given and no other.

Some agent programs hand all of their environment on to the servers that they start, credentials included. Started by
its path, with names and no values, since the command line of a process is shown to everybody: `NAME,NAME COMMAND...`.
Never: a variable of its own.
"""

import os
import sys
from collections.abc import Sequence

_NOT_RUN = 127


def main(arguments: Sequence[str]) -> int:
    names, *command = arguments
    kept = {name: value for name in names.split(",") if (value := os.environ.get(name)) is not None}
    try:
        os.execvpe(command[0], command, kept)
    except OSError as fault:
        sys.stderr.write(f"{command[0]}: {fault.strerror}\n")
        return _NOT_RUN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
