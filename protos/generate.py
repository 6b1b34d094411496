"""Generates the messages of the contract into the SDK, or checks that they are in step.

Run by ``make generate`` and ``make check`` in an environment of its own (protos/requirements.txt).
Only messages and their types are generated: clients and servers move bytes, so no stubs are needed.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
TARGET = PROTOS.parent / "sdk" / "src"
PACKAGE = Path("medsettle") / "wire" / "v1"


def generate(target: Path) -> None:
    """Writes a module and its types for each proto file. Raises CalledProcessError if protoc refuses."""
    plugin = next(Path(sys.executable).parent.glob("protoc-gen-mypy*"))
    files = sorted(str(file.relative_to(PROTOS)) for file in (PROTOS / PACKAGE).glob("*.proto"))
    command = [
        sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={PROTOS}",
        f"--plugin=protoc-gen-mypy={plugin}", f"--python_out={target}", f"--mypy_out=quiet:{target}", *files,
    ]
    subprocess.run(command, check=True)


def generated(root: Path) -> dict[str, str]:
    """Returns the text of each generated file below a root, by name."""
    return {file.name: file.read_text("utf-8") for file in sorted((root / PACKAGE).glob("*_pb2.py*"))}


def main() -> int:
    """Returns 0, or 1 if the check found a difference."""
    parser = argparse.ArgumentParser(description="Generate the messages of the contract.")
    parser.add_argument("--check", action="store_true", help="write nothing; name what is not in step")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh, kept = generated(Path(folder)), generated(TARGET)
    differing = sorted(name for name in fresh.keys() | kept.keys() if fresh.get(name) != kept.get(name))
    if check:
        for name in differing:
            print(f"{name} is not what the contract generates: run make generate")
        return 1 if differing else 0
    for name in differing:
        path = TARGET / PACKAGE / name
        if name in fresh:
            path.write_text(fresh[name], "utf-8", newline="\n")
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
