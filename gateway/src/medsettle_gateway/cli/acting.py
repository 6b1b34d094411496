"""Who acts at the command line: the name that is said, and the user of the operating system beside it.

A name is only said: nobody proves it. The system knows who has typed it, as far as everybody has a user of
their own.
"""

import os
import sys
from typing import Final

_ROOT: Final = 0

if sys.platform == "win32":
    def system_user() -> str:
        """Returns the operating system's name of who runs this command."""
        return os.getlogin()
else:
    import pwd

    def system_user() -> str:
        """Returns the operating system's name of who runs this command; of root also who became it by sudo.

        What any user may set (``USER``, ``LOGNAME``) is not asked.
        """
        number = os.getuid()
        try:
            name = pwd.getpwuid(number).pw_name
        except KeyError:  # a container may run as a number that nobody named
            name = f"uid {number}"
        # Only root could have set it otherwise, and root may do anything.
        before = os.environ.get("SUDO_USER", "") if number == _ROOT else ""
        return f"{name}, sudo {before}" if before and before.isprintable() else name


def on_record(author: str) -> str:
    """Returns a name that was said as it is recorded: with the system's user behind it."""
    return f"{author} [{system_user()}]"
