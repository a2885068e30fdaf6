# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The archive that custodian deploys, run by Lambda's own runtime interface client.

Its environment has that client and boto3, as the real runtime, and nothing of ours.  The runtime
API, from which the client takes events and to which it posts answers, is a server on loopback; AWS
is the local one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from c7n.config import Config
from c7n.mu import PolicyLambda
from c7n.policy import load

from c7n_mfa.signin.events import envelope
from demo.account import seed_inbox
from demo.response import seed_person, sign_in

pytestmark = [
    pytest.mark.local_aws,
    pytest.mark.skipif(sys.platform != "linux", reason="the client is built for Linux only"),
]

POLICY = Path(__file__).parents[2] / "policies" / "respond" / "signin-single-factor.yml"
PYTHON = Path(
    os.environ.get("C7N_MFA_LAMBDA_PYTHON", Path(sys.prefix, "lambda-runtime", "bin", "python"))
)
REQUEST = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
TOPIC = "SignInWithoutMfaAlarmSNSTopic"


class RuntimeApi(ThreadingHTTPServer):
    """Hands out one event, and keeps what is posted: ("response" or "error", body)."""

    daemon_threads = True

    def __init__(self, event: bytes, account: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events = [event]
        self.arn = f"arn:aws:lambda:us-east-1:{account}:function:x"
        self.posted: list[tuple[str, Any]] = []
        self.is_answered = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if not self.server.events:
            # The next event never comes; the client waits for it, as it does in Lambda.
            self.server.is_answered.wait(60)
            return
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", REQUEST)
        self.send_header("Lambda-Runtime-Deadline-Ms", "4102444800000")
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", self.server.arn)
        self._body(self.server.events.pop(), "application/json")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.path.rpartition("/")[2], json.loads(body)))
        self.send_response(202)
        self._body(b"{}", "application/json")
        self.server.is_answered.set()

    def _body(self, body: bytes, kind: str) -> None:
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def task(tmp_path: Path, account: str) -> Path:
    """The archive of the shipped policy, as custodian uploads it, unpacked."""
    config = Config.empty(account_id=account, region="us-east-1", output_dir="null://")
    (policy,) = load(config, str(POLICY))
    policy.expand_variables(policy.get_variables())
    # A function that is told nothing else writes into /tmp itself.
    options = policy.data["mode"].setdefault("execution-options", {})
    options["output_dir"] = str(tmp_path / "output")
    archive = PolicyLambda(policy).get_archive()
    with zipfile.ZipFile(archive.path) as packed:
        packed.extractall(tmp_path)
    return tmp_path


@pytest.fixture
def invoke(task: Path, account: str, aws_env: dict[str, str]):
    """Give the function one event: what it posts, and what it writes to its log."""
    assert PYTHON.exists(), "make setup makes the environment that stands for the Lambda runtime"

    def invoke(event: object) -> tuple[tuple[str, Any], str]:
        api = RuntimeApi(json.dumps(event).encode(), account)
        threading.Thread(target=api.serve_forever, daemon=True).start()
        function = subprocess.Popen(
            [PYTHON, "-m", "awslambdaric", "c7n_mfa.handler.run"],
            cwd=task,
            env=aws_env
            | {
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
                "AWS_LAMBDA_FUNCTION_NAME": "custodian-signin-single-factor",
                "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/custodian-signin-single-factor",
                "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
                "LAMBDA_TASK_ROOT": str(task),
                "PYTHONPATH": str(task),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            api.is_answered.wait(90)
        finally:
            function.kill()
            log, _ = function.communicate()
            api.shutdown()
            api.server_close()
        assert len(api.posted) == 1, log
        return api.posted[0], log

    return invoke


def test_the_environment_has_what_the_runtime_has_and_no_more():
    code = "import importlib.util as u; print([n for n in ('c7n', 'yaml', 'jsonschema', 'rich') \
if u.find_spec(n)]); import awslambdaric, boto3"
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, cwd="/")

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_sign_in_is_told(invoke, session, account, local_aws):
    inbox = seed_inbox(session)
    topic = session.client("sns").create_topic(Name=TOPIC)["TopicArn"]
    session.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox.arn)
    record = sign_in(seed_person(session, local_aws.endpoint_url))

    posted, log = invoke(envelope(record, "us-east-1", account))

    assert posted == ("response", True), log
    answer = session.client("sqs").receive_message(QueueUrl=inbox.url, WaitTimeSeconds=5)
    (message,) = answer["Messages"]
    told = json.loads(json.loads(message["Body"])["Message"])
    assert told["sign_in"]["event_id"] == record["eventID"]
    # Nobody's name and nobody's address in the log.
    assert [word for word in ("alice", "192.0.2.10", "Mozilla") if word in log] == []


@pytest.mark.long
def test_without_its_topic_the_function_fails_by_name(invoke, session, account, local_aws):
    record = sign_in(seed_person(session, local_aws.endpoint_url))

    (kind, error), _ = invoke(envelope(record, "us-east-1", account))

    assert (kind, error["errorType"]) == ("error", "AlertNotSent")
    assert error["errorMessage"].startswith(
        f"policy:signin-single-factor event:{record['eventID']} nobody is notified: sns:Publish on "
    )


@pytest.mark.parametrize("nonsense", [[], "x", None, {"detail": {"eventName": "ConsoleLogin"}}])
def test_nonsense_is_no_sign_in_and_no_error(invoke, nonsense):
    posted, log = invoke(nonsense)

    assert posted == ("response", False)
    assert log.count("not-a-sign-in") == 1
