"""A process that is to hold thousands of connections may open as many files, where it is let."""

import subprocess
import sys

import pytest

CODE = """
import resource, sys
from medsettle_gateway.bootstrap.files import allow_files
soft, hard, asked = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(allow_files(asked), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
@pytest.mark.parametrize(("soft", "hard", "asked", "room", "soft_then"), [
    (256, 4_096, 1_000, 1_000, 1_256),
    (256, 1_024, 8_192, 768, 1_024),
    (4_000, 4_096, 1_000, 3_744, 4_000),
    (128, 128, 10, 0, 128),
])
def test_the_limit_is_raised_as_far_as_is_needed_and_allowed(
    soft: int, hard: int, asked: int, room: int, soft_then: int
) -> None:
    command = [sys.executable, "-c", CODE, str(soft), str(hard), str(asked)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    assert list(map(int, said.split())) == [room, soft_then, hard]
