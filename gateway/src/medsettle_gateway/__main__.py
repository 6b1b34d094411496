"""``python -m medsettle_gateway`` and the command ``medsettle-gateway``."""

import os

from medsettle_gateway.cli.top import top


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    # gRPC's own lines would stand before our sentence; who looks for a fault below us sets the variable
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    top(prog_name="medsettle-gateway")


if __name__ == "__main__":
    main()
