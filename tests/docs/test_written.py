# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The pages that people write: complete, linked, and true where a test can tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from c7n.config import Config
from c7n.policy import load
from c7n.schema import ElementSchema
from click.testing import CliRunner
from moto import mock_aws

import mocked_account as account
from c7n_mfa.audit.reasons import REASONS
from c7n_mfa.cli.commands import group
from c7n_mfa.repair.values import RepairOptions
from demo.account import LOG_GROUP, TRAIL
from docs.build import policies, reference
from docs.build.pages import DOCS

RULES = sorted((DOCS / "rules").glob("*.md"))
DECISIONS = sorted((DOCS / "adr").glob("*.md"))
WRITTEN = sorted(DOCS.rglob("*.md"))
HEADINGS = [
    "Summary",
    "What it finds",
    "What good looks like",
    "Why",
    "What it changes and how to undo it",
    "What it misses",
    "Options",
    "Try it",
    "References",
]

each_rule = pytest.mark.parametrize("page", RULES, ids=lambda page: page.stem)
each_page = pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(DOCS)))


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def section(page: Path, heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", page.read_text(), re.M | re.S)
    return found[1]


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_rule
def test_a_rule_has_every_heading_in_order(page):
    assert re.findall(r"^## (.+)$", prose(page), re.MULTILINE) == HEADINGS


@each_rule
def test_a_rule_names_itself_and_its_file(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    (path,) = [path for path in policies.files() if path.stem == page.stem]
    name = path.relative_to(policies.ROOT).as_posix()
    assert (lines[0], lines[2]) == (f"# {page.stem}", f"[{name}](../../{name})")


@each_rule
def test_a_section_is_never_empty(page):
    assert [heading for heading in HEADINGS if not section(page, heading).strip()] == []


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("signin-filter-never-fires", "signin-coverage"),
        ("signin-monitoring-broken", "signin-monitoring"),
        ("signin-monitoring-remove", "remove-signin-monitoring"),
        ("signin-monitoring-repair", "set-signin-monitoring"),
    ],
)
def test_every_option_is_in_the_table(page, name):
    (element,) = [element for element in reference.elements() if element.name == name]
    listed = re.findall(r"^\| `([\w-]+)` \|", section(DOCS / f"rules/{page}.md", "Options"), re.M)
    options = ElementSchema.schema({}, element.cls)["properties"]
    assert sorted(listed) == sorted(set(options) - {"type"})


@pytest.mark.parametrize("name", ["signin", "alert-signin"])
def test_the_options_of_telling_are_in_their_tables(name):
    (element,) = {e.cls for e in reference.elements() if e.name == name}
    options = section(DOCS / "rules/signin-single-factor.md", "Options")
    table = options.partition(f" `{name}`:\n\n")[2].partition("\n\n")[0]
    listed = re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)
    assert sorted(listed) == sorted(set(ElementSchema.schema({}, element)["properties"]) - {"type"})


def test_the_defaults_in_the_table_are_those_of_the_code():
    wish = RepairOptions("single-factor")
    table = section(DOCS / "rules/signin-monitoring-repair.md", "Options")
    defaults = dict(re.findall(r"^\| `([\w-]+)` \| `([^`]+)` \|", table, re.MULTILINE))
    assert defaults == {
        "strict": str(wish.strict).lower(),
        "topic": wish.topic,
        "filter-name": wish.filter_name,
        "metric-name": wish.metric_name,
        "namespace": wish.namespace,
        "alarm-name": wish.alarm_name,
    }


@each_rule
def test_reasons_in_a_rule_are_reasons(page):
    links = "trail|log-group|filter|metric|alarm|topic|subscription"
    named = re.findall(rf"`((?:{links})-[a-z-]+)`", prose(page))
    steps = {"metric-filter", "topic-policy", "log-group", "trail-delivery"}
    options = {"filter-name", "metric-name", "alarm-name"}
    assert set(named) - steps - options - set(REASONS) == set()


@each_page
def test_links_lead_somewhere(page):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


def test_decisions_are_numbered_without_gaps():
    titles = [page.read_text(encoding="utf-8").splitlines()[0] for page in DECISIONS]
    numbers = [int(title.removeprefix("# ").partition(".")[0]) for title in titles]
    assert numbers == list(range(1, len(DECISIONS) + 1))
    assert [int(page.name[:4]) for page in DECISIONS] == numbers


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_context_decision_and_consequences(page):
    headings = re.findall(r"^## (.+)$", prose(page), re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences"]


@pytest.fixture
def report(tmp_path):
    """What `c7n-mfa report` prints after a shipped policy has run in moto."""

    def report(name):
        (path,) = [path for path in policies.files() if path.stem == name]
        out = tmp_path / name
        config = Config.empty(
            account_id=account.ACCOUNT, region=account.REGION, output_dir=str(out)
        )
        (policy,) = load(config, str(path))
        policy()
        return CliRunner().invoke(group, ["report", str(out)]).stdout

    return report


def shown(page: str) -> list[str]:
    """The output below every `$ c7n-mfa report` of a page."""
    text = (DOCS / "rules" / f"{page}.md").read_text(encoding="utf-8")
    outputs = re.findall(r"^\$ c7n-mfa report \S+\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [output.rstrip() for output in outputs if output.strip()]


@mock_aws
def test_the_shown_reports_are_what_is_printed(report):
    # moto confirms e-mail subscriptions by itself, as the local AWS of the page does.
    arn = f"arn:aws:logs:{account.REGION}:{account.ACCOUNT}:log-group:{LOG_GROUP}:*"
    account.client("logs").create_log_group(logGroupName=LOG_GROUP)
    account.add_trail(Name=TRAIL, CloudWatchLogsLogGroupArn=arn)

    before = report("signin-monitoring-broken")
    repair = report("signin-monitoring-repair")
    after = report("signin-monitoring-broken")

    good, bad = shown("signin-monitoring-broken")
    assert before.rstrip() == bad
    assert [repair.rstrip()] == shown("signin-monitoring-repair")
    assert after.rstrip() == good
