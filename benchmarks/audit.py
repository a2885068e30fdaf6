# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""How long `custodian run` audits an account, and what it calls, beside c7n's own check.

    python benchmarks/audit.py [RUNS]

The yardstick is `check-cloudtrail` in a custodian without the plugin, against the same local AWS,
through a proxy that holds every call back for a while, and for none.  Whole processes are measured,
in turn, so that whatever else the machine does falls on all of them; what counts are the medians of
their ratios and the calls.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import mocked_account as account  # noqa: E402
from demo.local_aws import LocalAws, why_unavailable  # noqa: E402

RUNS = 5
LATENCIES = (0.04, 0.0)  # seconds
CUSTODIAN = Path(sys.executable).with_name("custodian")
GROUPS, ALARMS = 10_000, 2_000
CHECK = {
    "type": "check-cloudtrail",
    "multi-region": True,
    "running": True,
    "include-management-events": True,
    "log-metric-filter-pattern": {"type": "value", "op": "contains", "value": "ConsoleLogin"},
}
AUDIT = {"type": "signin-monitoring", "state": ["intact", "broken", "unknown"]}


@dataclass(frozen=True, slots=True)
class Variant:
    """A custodian, with the plugin or without, and the filter that its policy has."""

    name: str
    filter: Mapping[str, Any]
    plugin: bool = True


PLAIN = Variant("check-cloudtrail, plain custodian", CHECK, plugin=False)
UNUSED = Variant("check-cloudtrail, plugin unused", CHECK)
OURS = Variant("signin-monitoring", AUDIT)
REGIONS = Variant("signin-monitoring with regions", {**AUDIT, "regions": True})


@dataclass(frozen=True, slots=True)
class Run:
    seconds: float
    processor: float
    calls: Counter[str]


class Proxy(ThreadingHTTPServer):
    """Passes calls on to the local AWS, each after a while, and counts them."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port = port
        self.latency = 0.0
        self.calls: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client, and one to the local AWS for it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Proxy
    upstream: http.client.HTTPConnection | None = None

    def log_message(self, *_: object) -> None:
        """Nothing is printed for a call."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.calls.append(self._operation(body))
        time.sleep(self.server.latency)
        if self.upstream is None:
            self.upstream = http.client.HTTPConnection("127.0.0.1", self.server.port)
        self.upstream.request("POST", self.path, body, dict(self.headers))
        answer = self.upstream.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name in ("content-type", "x-amzn-errortype", "x-amzn-requestid"):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _operation(self, body: bytes) -> str:
        target = self.headers.get("x-amz-target")
        if target:
            return target.rpartition(".")[2]
        return parse_qs(body.decode(errors="replace")).get("Action", ["?"])[0]


@dataclass(frozen=True, slots=True)
class Bench:
    aws: LocalAws
    proxy: Proxy
    folder: Path
    runs: int

    def run(self, variant: Variant) -> Run:
        """One `custodian run` from its start to its end."""
        policy = self.folder / "policy.json"
        data = {"name": "benchmark", "resource": "aws.account", "filters": [variant.filter]}
        policy.write_text(json.dumps({"policies": [data]}), encoding="utf-8")
        command = [CUSTODIAN, "run", "--cache-period", "0", "-s", self.folder / "out", policy]
        self.proxy.calls.clear()
        start = time.perf_counter()
        process = subprocess.Popen(
            command, env=self._env(variant), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            raise SystemExit(said.decode())
        return Run(seconds, usage.ru_utime + usage.ru_stime, Counter(self.proxy.calls))

    def _env(self, variant: Variant) -> dict[str, str]:
        # With bytecode, as an installed package has it.
        env = {k: v for k, v in self.aws.env().items() if k != "PYTHONDONTWRITEBYTECODE"}
        return env | {
            "AWS_ENDPOINT_URL": self.proxy.url,
            "C7N_MFA_AUTOLOAD": "on" if variant.plugin else "off",
            "PYTHONPATH": str(ROOT),
            "PYTHONPYCACHEPREFIX": str(self.folder / "bytecode"),
        }

    def compare(self, *variants: Variant) -> None:
        """Run them in turn, and print each beside the first."""
        for latency in LATENCIES:
            self.proxy.latency = latency
            print(f"  {latency * 1000:.0f} ms a call:")
            for variant in variants:
                self.run(variant)
            rounds = [[self.run(variant) for variant in variants] for _ in range(self.runs)]
            for variant, runs in zip(variants, zip(*rounds, strict=True), strict=True):
                print(f"    {variant.name:34} {_beside(runs, [first for first, *_ in rounds])}")


def _beside(runs: tuple[Run, ...], yardstick: list[Run]) -> str:
    pairs = list(zip(runs, yardstick, strict=True))
    seconds = statistics.median(run.seconds for run in runs)
    ratio = statistics.median(run.seconds / other.seconds for run, other in pairs)
    more = statistics.median(run.seconds - other.seconds for run, other in pairs) * 1000
    processor = statistics.median(run.processor / other.processor for run, other in pairs)
    calls = runs[0].calls
    most = ", ".join(f"{count} {call}" for call, count in calls.items() if count > 1)
    return (
        f"{seconds * 1000:5.0f} ms, {ratio:.2f} x ({more:+.0f} ms), processor {processor:.2f} x, "
        f"{calls.total()} calls{f' ({most})' if most else ''}"
    )


@contextlib.contextmanager
def bench(runs: int) -> Iterator[Bench]:
    with LocalAws() as aws, tempfile.TemporaryDirectory() as folder, Proxy(aws.port) as proxy:
        # What seeds the account knows no session, and makes its clients with this.
        account.client = aws.session().client
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield Bench(aws, proxy, Path(folder), runs)
        proxy.shutdown()


def add_good_chain() -> None:
    account.add_good_chain()
    group = f"arn:aws:logs:{account.REGION}:{account.ACCOUNT}:log-group:{account.GROUP}:*"
    role = f"arn:aws:iam::{account.ACCOUNT}:role/to-logs"
    # The local AWS forgets the log group on creation and keeps it on update.
    account.client("cloudtrail").update_trail(
        Name="management", CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=role
    )


def add_log_groups() -> None:
    logs = account.client("logs")
    for number in range(GROUPS):
        logs.create_log_group(logGroupName=f"{account.GROUP}-{number:05}")


def watch_other_metrics() -> None:
    for number in range(ALARMS):
        account.add_alarm(AlarmName=f"alarm-{number:04}", MetricName=f"metric-{number:04}")
    account.add_alarm(MetricName="Other")


WORLDS: tuple[tuple[str, Callable[[], None], tuple[Variant, ...]], ...] = (
    ("a good chain and nothing else", add_good_chain, (PLAIN, UNUSED, OURS, REGIONS)),
    (f"the same, and {GROUPS:,} log groups of the same prefix", add_log_groups, (PLAIN, OURS)),
    (f"the same, and {ALARMS:,} alarms, none on the metric", watch_other_metrics, (PLAIN, OURS)),
)


def main() -> None:
    reason = why_unavailable()
    if reason:
        print(reason)
        return
    with bench(int(sys.argv[1]) if sys.argv[1:] else RUNS) as measured:
        for title, change, variants in WORLDS:
            change()
            print(f"{title}:")
            measured.compare(*variants)


if __name__ == "__main__":
    main()
