# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What responding costs: a cold start, and the time until a user is contained.

    python benchmarks/respond.py

The cold start is import to verdict in a fresh process of the environment that stands for the Lambda
runtime, beside c7n's own import of the same resource, in processor time.  Lambda cannot write
bytecode beside the code, so it compiles both each time; with bytecode is how an installed package
starts.  What is measured last is the local AWS's delivery as much as ours.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

import yaml  # noqa: E402
from c7n.mu import custodian_archive  # noqa: E402

from demo.account import seed_inbox  # noqa: E402
from demo.local_aws import LocalAws, why_unavailable  # noqa: E402
from demo.response import entry, seed_person, seed_response, sign_in  # noqa: E402

RUNS = 15
SIGN_INS = 20
PYTHON = Path(
    os.environ.get("C7N_MFA_LAMBDA_PYTHON", Path(sys.prefix, "lambda-runtime", "bin", "python"))
)
RESPOND = ROOT / "policies" / "respond"
POLICIES = ("signin-single-factor", "signin-single-factor-contain")
TOPIC = "SignInWithoutMfaAlarmSNSTopic"
DENY = "c7n-mfa-revoke-sessions"

_RECORD = {
    "eventName": "ConsoleLogin",
    "eventSource": "signin.amazonaws.com",
    "userIdentity": {"type": "IAMUser", "userName": "alice"},
    "responseElements": {"ConsoleLogin": "Success"},
    "additionalEventData": {"MFAUsed": "No"},
}
_START = "import json, sys, time\npolicy, record = map(json.loads, sys.argv[1:])\n"
_C7N = """
start = time.process_time()
import c7n.handler
from c7n.resources import load_resources
load_resources((policy["resource"],))
print(time.process_time() - start)
"""
_OURS = """
start = time.process_time()
import c7n_mfa.handler
from c7n.resources import load_resources
load_resources((policy["resource"],))
from c7n_mfa.entry import initialize
initialize([policy])
from c7n_mfa.signin.criteria import SigninCriteria
from c7n_mfa.signin.record import SignIn
assert SigninCriteria(frozenset({True})).match(SignIn.from_record(record), record)
print(time.process_time() - start)
"""


def policy(name: str) -> dict[str, Any]:
    (only,) = yaml.safe_load((RESPOND / f"{name}.yml").read_text(encoding="utf-8"))["policies"]
    return dict(only)


def archive(folder: Path, *packages: str) -> None:
    """Build and unpack what custodian would upload."""
    built = custodian_archive(packages=list(packages))
    built.close()
    with zipfile.ZipFile(built.path) as packed:
        packed.extractall(folder)


def start(folder: Path, code: str, given: dict[str, Any], bytecode: bool) -> float:
    """Milliseconds of the processor that the code takes in a fresh process."""
    options = ["-I", *(() if bytecode else ("-B",))]
    path = f"import sys; sys.path.insert(0, {str(folder)!r})\n"
    done = subprocess.run(
        [PYTHON, *options, "-c", path + _START + code, json.dumps(given), json.dumps(_RECORD)],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return float(done.stdout) * 1000


def cold_starts(folder: Path) -> None:
    for bytecode in (False, True):
        for name in POLICIES:
            given = policy(name)
            unpacked = folder / given["mode"]["packages"][0]
            if bytecode:
                start(unpacked, _OURS, given, bytecode)
            theirs, ours = [], []
            # In turn, so that whatever else the machine does falls on both.
            for _ in range(RUNS):
                theirs.append(start(unpacked, _C7N, given, bytecode))
                ours.append(start(unpacked, _OURS, given, bytecode))
            base, whole = statistics.median(theirs), statistics.median(ours)
            how = "with bytecode" if bytecode else "as in Lambda"
            print(
                f"cold start, {how}, {name}: c7n {base:.0f} ms, with verdict {whole:.0f} ms: "
                f"{whole - base:+.0f} ms, {whole / base:.2f} x"
            )


def contain(aws: LocalAws, folder: Path) -> None:
    """From PutEvents to the policy that denies, user after user."""
    session = aws.session()
    inbox = seed_inbox(session)
    topic = session.client("sns").create_topic(Name=TOPIC)["TopicArn"]
    session.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox.arn)
    seed_response(session)
    custodian = Path(sys.executable).with_name("custodian")
    containing = policy(POLICIES[1])
    for action in containing["actions"]:
        if "exclude" in action:
            # All of them within the hour, which the shipped policy takes for an attack.
            action["max-contained"] = SIGN_INS + 1
    path = folder.with_name("contain.json")
    path.write_text(json.dumps({"policies": [containing]}), encoding="utf-8")
    subprocess.run(
        [custodian, "run", "-s", folder, path],
        env=aws.env(),
        check=True,
        capture_output=True,
    )
    taken = [_contained(aws, f"user-{number}") for number in range(SIGN_INS + 1)]
    cold, warm = taken[0], sorted(taken[1:])
    p95 = warm[min(len(warm) - 1, round(0.95 * len(warm)))]
    print(
        f"from PutEvents to the policy that denies, {SIGN_INS} users: median "
        f"{statistics.median(warm):.0f} ms, p95 {p95:.0f} ms; the first, cold: {cold:.0f} ms"
    )


def _contained(aws: LocalAws, name: str) -> float:
    session = aws.session()
    person = seed_person(session, aws.endpoint_url, name)
    iam = session.client("iam")
    began = time.perf_counter()
    session.client("events").put_events(Entries=[entry(sign_in(person))])
    while DENY not in iam.list_user_policies(UserName=name)["PolicyNames"]:
        if time.perf_counter() - began > 60:
            raise SystemExit(f"{name} was not contained within a minute.")
        time.sleep(0.005)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        archive(folder / "c7n_mfa", "c7n_mfa")
        cold_starts(folder)
        reason = why_unavailable()
        if reason:
            print(reason)
            return
        with LocalAws(settings={"AUTH": "true"}) as aws:
            contain(aws, folder / "out")


if __name__ == "__main__":
    main()
