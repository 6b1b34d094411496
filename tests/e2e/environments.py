"""Wheels as a user gets them: built as for a release, installed in environments of their own."""

import os
import re
import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 600


@dataclass(frozen=True)
class Environment:
    """An interpreter that has what was installed and nothing of the repository."""

    folder: Path

    @property
    def programs(self) -> Path:
        """Where its interpreter and its commands are."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    def run(self, program: str, *arguments: str, cwd: Path | None = None) -> str:
        """Returns what a program of the environment prints, run outside of the repository."""
        return output(str(self.programs / program), *arguments, cwd=cwd or self.folder)

    def run_python(self, code: str, *arguments: str) -> str:
        """Returns what code prints, with nothing of the user's own environment."""
        return self.run("python", "-I", "-c", code, *arguments)


def output(*command: str, cwd: Path) -> str:
    """Returns what a command prints. Fails with all that it printed."""
    ours = ("PYTHON", "VIRTUAL_ENV", "MAKE", "MFLAGS")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    run = subprocess.run(
        command, cwd=cwd, env=clean, capture_output=True, text=True, check=False, timeout=LIMIT_S,
        encoding="utf-8",
    )
    assert run.returncode == 0, f"{command}\n{run.stdout}\n{run.stderr}"
    return run.stdout


def install(folder: Path, *requirements: str) -> Environment:
    """Returns a new environment with the requirements, installed by this one's pip."""
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    environment = Environment(folder)
    interpreter = str(next(environment.programs.glob("python*")))
    pip = ["-m", "pip", "--disable-pip-version-check", "--quiet", "--python", interpreter]
    output(sys.executable, *pip, "install", *requirements, cwd=folder)
    return environment


def floors(package: str) -> list[str]:
    """Returns each dependency of a package at the oldest release that it allows."""
    needs = tomllib.loads((ROOT / package / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    return [re.sub(r"^([\w.-]+)>=([\w.]+).*$", r"\1==\2", need) for need in needs]
