"""``python -m medsettle_gateway`` and the command ``medsettle-gateway``."""

from medsettle_gateway.cli.top import top


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    top(prog_name="medsettle-gateway")


if __name__ == "__main__":
    main()
