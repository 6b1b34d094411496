"""``serve`` as a process: ready in one line, told to end, refused in one sentence."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.gateway.cli.city import City

READY = re.compile(r"medsettle-gateway listening on 127\.0\.0\.1:(?P<port>[0-9]+) id=demo plaintext demo\n")
LIMIT_S = 120
"""What only ends a test that hangs: a machine may be busy."""
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process otherwise")


@contextmanager
def serving(city: City, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "medsettle_gateway", "serve", "--config", str(city.config), "--demo"]
    command += options
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        yield process
        process.kill()


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    match = READY.fullmatch(line)
    assert match is not None, line
    return int(match["port"])


def healthy(port: int) -> bool:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=LIMIT_S)
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


@pytest.mark.parametrize("told", [pytest.param(signal.SIGTERM, marks=posix_only), signal.SIGINT])
def test_it_says_its_real_port_answers_and_ends_properly_when_told(city: City, told: signal.Signals) -> None:
    if sys.platform == "win32":
        pytest.skip("a test cannot send an interrupt to a child there")
    with serving(city, "--listen", "127.0.0.1:0") as process:
        port = port_of(process)
        assert port != 0
        assert healthy(port)
        process.send_signal(told)
        _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, errors
    assert "stopped" in errors.splitlines()[-1]
    assert not Path(f"{city.folder / 'gateway.db'}-wal").exists()


def test_a_port_that_is_taken_is_refused_with_one_sentence(city: City) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with serving(city, "--listen", f"127.0.0.1:{port}") as process:
            ready, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 2
    assert ready == ""
    *_, zh, en = errors.splitlines()
    assert f"无法在 127.0.0.1:{port} 上监听" in zh
    assert f"Cannot listen on 127.0.0.1:{port}" in en
    assert "add_port" not in errors
    assert "Traceback" not in errors


def test_it_refuses_to_listen_to_everybody_without_tls(city: City) -> None:
    result = city.run("serve", "--demo", "--listen", "0.0.0.0:0", exit_code=2)
    assert "set a TLS certificate" in result.stderr


def test_a_demo_is_only_served_when_that_is_meant(city: City) -> None:
    refused = city.run("serve", exit_code=2).stderr
    assert "请加上 --demo" in refused
    assert "add --demo if you mean to serve it" in refused


def test_a_gateway_that_is_no_demo_is_not_served_as_one(tmp_path: Path) -> None:
    city = City(tmp_path)
    city.run("init", str(tmp_path))
    refused = city.run("serve", "--demo", exit_code=2).stderr
    assert "不是演示网关" in refused
    assert "cannot be served with --demo" in refused


def test_a_gateway_that_knows_nobody_says_so_once_it_serves(tmp_path: Path) -> None:
    city = City(tmp_path)
    city.run("init", str(tmp_path))
    command = [sys.executable, "-m", "medsettle_gateway", "serve", "--config", str(city.config)]
    command += ["--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "listening on" in process.stdout.readline()
        process.terminate()
        _, errors = process.communicate(timeout=LIMIT_S)
    assert "没有设置凭证服务" in errors
    assert "every credential is refused (CREDENTIAL_INVALID)" in errors


def test_a_gateway_that_cannot_serve_says_only_why(tmp_path: Path) -> None:
    city = City(tmp_path)
    city.run("init", str(tmp_path))
    command = [sys.executable, "-m", "medsettle_gateway", "serve", "--config", str(city.config)]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command += ["--listen", f"127.0.0.1:{taken.getsockname()[1]}"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert ended.returncode == 2
    assert "Cannot listen on" in ended.stderr
    assert "CREDENTIAL_INVALID" not in ended.stderr
    assert "CREDENTIAL_INVALID" not in city.run("serve", "--workers", "2", exit_code=2).stderr


def test_a_demo_does_not_say_that_it_knows_nobody(city: City) -> None:
    with serving(city, "--listen", "127.0.0.1:0") as process:
        port_of(process)
        process.terminate()
        _, errors = process.communicate(timeout=LIMIT_S)
    assert "CREDENTIAL_INVALID" not in errors


def test_a_demo_needs_its_issuer(tmp_path: Path) -> None:
    city = City(tmp_path)
    city.run("init", str(tmp_path), "--demo")
    (tmp_path / "keys" / "issuer.pem").unlink()
    refused = city.run("serve", "--demo", exit_code=2).stderr
    assert "no demo issuer's key" in refused
    assert "medsettle-gateway demo-city NEW-DIR" in refused
