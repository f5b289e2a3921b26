"""A folder for what one process needs on disk for a while: attributes of a trunk, private indexes, files to merge.

It lies in the common directory, and ends with its process: at `close`, or, after a crash, when the next one opens.
Never: hold anything that is needed later.
"""

import os
import shutil
import tempfile


def _alive(name: str) -> bool:
    """Whether the process that a folder `<pid>-…` belongs to is still there."""
    pid = name.partition("-")[0]
    if not pid.isdecimal():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Scratch:
    def __init__(self, common_dir: str) -> None:
        """Where the common directory can not be written, the system's own place for such files is used."""
        prefix = f"{os.getpid()}-"
        home = os.path.join(common_dir, "tianting", "scratch")
        try:
            os.makedirs(home, exist_ok=True)
            self._sweep(home)
            self.path = tempfile.mkdtemp(prefix=prefix, dir=home)
        except OSError:
            self.path = tempfile.mkdtemp(prefix=f"tianting-{prefix}")

    @staticmethod
    def _sweep(home: str) -> None:
        for name in os.listdir(home):
            if not _alive(name):
                shutil.rmtree(os.path.join(home, name), ignore_errors=True)

    def folder(self, name: str) -> str:
        path = os.path.join(self.path, name)
        os.makedirs(path, exist_ok=True)
        return path

    def fresh(self, name: str) -> str:
        """A path of a new, empty file."""
        descriptor, path = tempfile.mkstemp(prefix=f"{name}-", dir=self.path)
        os.close(descriptor)
        return path

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
