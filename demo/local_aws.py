# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A local AWS on loopback: ministack in a process and an environment of its own.

`python -m demo.local_aws` starts one for whoever wants to play, evaluates its metric filters and
alarms, and ends it on Ctrl-C.

It lives in another environment because it pins its own botocore, and because it runs Lambda
functions with its own interpreter: with nothing but boto3 beside it, as the real runtime has.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3
import botocore.session

from .evaluator import EVALUATES, LEAVES_OUT, Evaluator, Observation

ACCOUNT = "123456789012"
REGION = "us-east-1"
PYTHON_VARIABLE = "C7N_MFA_LOCAL_AWS_PYTHON"

_ROOT = Path(__file__).resolve().parent.parent
_DEFAULT_PYTHON = _ROOT / ".venv" / "local-aws" / "bin" / "python"
_SERVER = Path(__file__).with_name("server.py")
_START_SECONDS = 30.0
_CLIENT_VARIABLES = (
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_DEFAULT_REGION",
)
_ATTEMPTS = 3


class LocalAwsError(Exception):
    """The local AWS cannot be had; the message is a sentence for a person."""


class _LocalSession(boto3.Session):
    """A boto3 session whose every client speaks to the local AWS and nowhere else."""

    endpoint_url: str

    def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        return super().client(service_name, *args, **{"endpoint_url": self.endpoint_url, **kwargs})

    def resource(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        return super().resource(
            service_name, *args, **{"endpoint_url": self.endpoint_url, **kwargs}
        )


class LocalAws:
    """Starts the server on entry and ends it on exit, whatever happened in between."""

    def __init__(
        self, python: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self.python = python or local_aws_python()
        self.settings = dict(settings or {})
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._directory: Path | None = None

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the local AWS is not running"
        return self._process

    @property
    def log(self) -> str:
        """What the server has written so far."""
        if self._directory is None:
            return ""
        return (self._directory / "server.log").read_text(encoding="utf-8", errors="replace")

    def __enter__(self) -> LocalAws:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        _check_environment(self.python)
        self._directory = Path(tempfile.mkdtemp(prefix="c7n-mfa-local-aws-"))
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server and every function it runs; nothing of it stays on the disk."""
        process, self._process = self._process, None
        if process is not None:
            _end_group(process)
        directory, self._directory = self._directory, None
        if directory is not None:
            shutil.rmtree(directory, ignore_errors=True)

    def env(self, account: str = ACCOUNT, region: str = REGION) -> dict[str, str]:
        """The environment in which any AWS client, custodian included, talks to this server."""
        assert self._directory is not None, "the local AWS is not running"
        theirs = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        return theirs | {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            # custodian keeps its cache below the home directory; this one goes away with the rest.
            "HOME": str(self._directory),
            # And it leaves the archive of each function it deploys.
            "TMPDIR": str(self._directory),
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def session(self, account: str = ACCOUNT, region: str = REGION) -> boto3.Session:
        """A boto3 session that sees this server and none of the user's own settings."""
        core = botocore.session.Session(
            session_vars={
                "profile": (None, [], None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        session = _LocalSession(
            aws_access_key_id=account,
            aws_secret_access_key="local",
            region_name=region,
            botocore_session=core,
        )
        session.endpoint_url = self.endpoint_url
        return session

    def _start(self) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            self.port = _free_port()
            self._process = self._launch()
            if self._answers():
                return
            reason = _last_line(self.log)
            _end_group(self._process)
            # Somebody else may take the port between the question and the answer: ask again.
            if "already in use" not in reason or attempt == _ATTEMPTS:
                raise LocalAwsError(
                    f"The local AWS did not start on 127.0.0.1:{self.port}: {reason} "
                    "Run `make setup` to build its environment anew."
                )

    def _launch(self) -> subprocess.Popen[bytes]:
        assert self._directory is not None
        with (self._directory / "server.log").open("wb") as log:
            # Isolated (-I): nothing of this project's environment reaches the server's.
            return subprocess.Popen(
                [str(self.python), "-I", str(_SERVER)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._directory,
                env=self._server_env(),
                start_new_session=True,
            )

    def _server_env(self) -> dict[str, str]:
        home = str(self._directory)
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": home,
            "TMPDIR": home,
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "GATEWAY_PORT": str(self.port),
            "CLOUDTRAIL_RECORDING": "1",
            "PERSIST_STATE": "0",
            "SFTP_ENABLED": "0",
            # It would tidy up containers it finds; there are none of ours on this machine.
            "DOCKER_HOST": f"unix://{home}/no-docker.sock",
        } | self.settings

    def _answers(self) -> bool:
        """Whether our own server is up, asked until it is, it has ended, or the time is over."""
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if _healthy(f"{self.endpoint_url}/_ministack/health"):
                return self._process.poll() is None
            time.sleep(0.1)
        return False


def local_aws_python() -> Path:
    """The interpreter of the local AWS's environment."""
    named = os.environ.get(PYTHON_VARIABLE)
    return Path(named) if named else _DEFAULT_PYTHON


def why_unavailable(python: Path | None = None) -> str | None:
    """Why the local AWS cannot start, as a sentence; None when it can."""
    try:
        _check_environment(python or local_aws_python())
    except LocalAwsError as error:
        return str(error)
    return None


def _check_environment(python: Path) -> None:
    if not python.is_file():
        raise LocalAwsError(
            f"The local AWS has no environment yet: there is no {python}. Run `make setup`, "
            f"or name the interpreter that has ministack in {PYTHON_VARIABLE}."
        )
    try:
        checked = subprocess.run(
            [python, "-I", "-c", "import boto3, ministack"],
            capture_output=True,
            text=True,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LocalAwsError(f"{python} does not run: {reason}. Run `make setup`.") from error
    if checked.returncode:
        reason = _last_line(checked.stderr)
        raise LocalAwsError(f"{python} cannot run the local AWS: {reason} Run `make setup`.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _healthy(url: str) -> bool:
    # Without proxies: a machine behind one would ask it for its own loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _end_group(process: subprocess.Popen[bytes]) -> None:
    # Its state is thrown away, so nothing is gained by asking it to close; and its functions
    # are processes of the same group, which a polite server leaves behind.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") + "." if lines else "it wrote nothing."


def invite(aws: LocalAws) -> None:
    """Print how to use a local AWS from another terminal."""
    env = aws.env()
    unset = [name for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN") if name in os.environ]
    if unset:
        print(f"  unset {' '.join(unset)}")
    for name in _CLIENT_VARIABLES:
        print(f"  export {name}={env[name]}")
    print("Then custodian, c7n-mfa, boto3 and the AWS command line use it;")
    print("python -m demo.signin signs in without MFA. Ctrl-C here ends it.", flush=True)


def wait_for_end(aws: LocalAws) -> None:
    """Until Ctrl-C, or until the server has ended by itself."""
    process = aws.process
    with contextlib.suppress(KeyboardInterrupt):
        process.wait()
        raise LocalAwsError(f"The local AWS has ended: {_last_line(aws.log)}")


def print_now(observation: Observation) -> None:
    """Print what has happened, with the time."""
    print(f"{datetime.now():%H:%M:%S} {observation}", flush=True)


def main() -> int:
    """Start a local AWS, and evaluate its metric filters and alarms until Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with LocalAws() as aws, Evaluator(aws.session(), print_now).running():
            print(f"A local AWS listens on {aws.endpoint_url}. In another terminal:")
            invite(aws)
            print(f"\nWhat it evaluates, in account {ACCOUNT} and {REGION}:")
            print("\n".join(f"- {line}" for line in EVALUATES))
            print("What it leaves out:")
            print("\n".join(f"- {line}" for line in LEAVES_OUT), flush=True)
            wait_for_end(aws)
    except LocalAwsError as error:
        print(f"demo.local_aws: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
