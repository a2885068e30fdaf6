# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""How long an audit takes and what it calls, in a small account and in one full of other things.

    python benchmarks/audit.py

Beside it, in the same process and the same fake AWS (moto), c7n's own check-cloudtrail and a
policy without any filter.  The noise: 5,000 log groups, 100 metric filters on the trail's own,
2,000 alarms.  What counts are the ratios and the calls: AWS takes far longer over each of them.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION="us-east-1"
)

from c7n.config import Config  # noqa: E402
from c7n.loader import PolicyLoader  # noqa: E402
from c7n.utils import reset_session_cache  # noqa: E402
from moto import mock_aws  # noqa: E402

import mocked_account as account  # noqa: E402
from c7n_mfa.entry import initialize  # noqa: E402
from calls import watched  # noqa: E402

RUNS = 7
ALL = ["intact", "broken", "unknown"]
FILTERS: dict[str, list[dict[str, Any]]] = {
    "no filter": [],
    "check-cloudtrail": [
        {
            "type": "check-cloudtrail",
            "multi-region": True,
            "running": True,
            "include-management-events": True,
            "log-metric-filter-pattern": account.CANONICAL,
        }
    ],
    "signin-monitoring": [{"type": "signin-monitoring", "state": ALL}],
    "with regions": [{"type": "signin-monitoring", "state": ALL, "regions": True}],
}
# Where the fake is blind: without these, check-cloudtrail stops before it has looked at the chain.
SELECTORS = [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
ANSWERS: dict[str, Callable[[dict], dict]] = {
    "cloudtrail:GetEventSelectors": lambda answer: {**answer, "EventSelectors": SELECTORS},
    "sns:GetTopicAttributes": lambda answer: {
        "Attributes": {**answer["Attributes"], "SubscriptionsConfirmed": "1"}
    },
}
# custodian's own, whatever the filter.
_CUSTODIANS = ("iam:ListAccountAliases", "sts:GetCallerIdentity")


def policy(name: str, output: str) -> Any:
    config = Config.empty(
        region=account.REGION, account_id=account.ACCOUNT, output_dir=output, cache=None
    )
    data = {"name": "benchmark", "resource": "aws.account", "filters": FILTERS[name]}
    (only,) = PolicyLoader(config).load_data({"policies": [data]}, "benchmark.yml")
    return only


def run(name: str) -> tuple[float, Counter[str]]:
    """Seconds and calls of one run of the policy with this filter."""
    reset_session_cache()
    with watched(answers=ANSWERS) as calls, tempfile.TemporaryDirectory() as output:
        start = time.perf_counter()
        policy(name, output).run()
        taken = time.perf_counter() - start
    return taken, calls.counts()


def add_noise() -> None:
    logs = account.client("logs")
    for number in range(5000):
        logs.create_log_group(logGroupName=f"/aws/lambda/function-{number:04}")
    for number in range(99):
        name = f"unrelated-{number:02}"
        metric = {"metricName": name, "metricNamespace": "Security", "metricValue": "1"}
        pattern = f'{{ $.eventName = "Call{number}" }}'
        account.add_filter(pattern, filterName=name, metricTransformations=[metric])
    for number in range(2000):
        account.add_alarm(AlarmName=f"alarm-{number:04}", MetricName=f"metric-{number:04}")


def watch_another_metric() -> None:
    """The alarm now misses the metric: what is listed then is all alarms, page by page."""
    account.add_alarm(MetricName="Other")


def report(title: str) -> None:
    print(f"{title}:")
    seconds: dict[str, float] = {}
    for name, runs in _measured(FILTERS, RUNS):
        ours = {call: n for call, n in runs[0][1].items() if call not in _CUSTODIANS}
        seconds[name] = statistics.median(taken for taken, _ in runs)
        ratio = seconds[name] / seconds.get("check-cloudtrail", seconds[name])
        beside = f", {ratio:.2f} x check-cloudtrail" if "check-cloudtrail" in seconds else ""
        most = ", ".join(f"{n} {call}" for call, n in ours.items() if n > 1)
        print(
            f"  {name:18} {seconds[name] * 1000:6.0f} ms, {sum(ours.values()):3} calls of its own"
            f"{beside}{f' ({most})' if most else ''}"
        )


def _measured(names: Any, times: int) -> Iterator[tuple[str, list[tuple[float, Counter[str]]]]]:
    for name in names:
        run(name)
        yield name, [run(name) for _ in range(times)]


def main() -> None:
    initialize()
    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("a good chain and nothing else", account.add_good_chain),
        ("the same with 5,000 log groups, 100 metric filters and 2,000 alarms", add_noise),
        ("the same, and no alarm on the metric", watch_another_metric),
    )
    with mock_aws():
        for title, change in steps:
            change()
            report(title)


if __name__ == "__main__":
    main()
