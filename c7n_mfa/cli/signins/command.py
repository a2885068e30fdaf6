# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa signins`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from c7n_mfa.cli.report.shape import clean
from c7n_mfa.cli.report.tree import console_for
from c7n_mfa.cli.signins import text
from c7n_mfa.cli.signins.read import Problem, read
from c7n_mfa.cli.signins.tally import Tally, line
from c7n_mfa.signin.record import SignIn


@click.command("signins")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "jsonl", "json"]),
    default="text",
    show_default=True,
    help="For a person, a pipeline, or a program that wants it whole.",
)
@click.option("--single-factor", is_flag=True, help="Show the single-factor sign-ins only.")
@click.pass_context
def signins(
    context: click.Context, files: Sequence[str], format_: str, single_factor: bool
) -> None:
    """List the console sign-ins in CloudTrail files, and say which had a single factor.

    FILE is a file as CloudTrail delivers it, packed or not, the output of `aws cloudtrail
    lookup-events`, JSON lines, records or events of EventBridge, also as messages of a queue, a
    folder of these, or - for standard input. An event that is there twice counts once.

    Exit status: 0 no single-factor sign-in, 1 at least one, 2 something could not be read.
    """
    shown: list[SignIn] = []
    show = _print_line if format_ == "jsonl" else shown.append
    tally = _replay(files, show, single_factor)
    if format_ == "json":
        whole = {**tally.to_dict(), "sign_ins": [_whole(each) for each in shown]}
        click.echo(json.dumps(whole, indent=2))
    elif format_ == "text":
        console_for(sys.stdout).print(text.render(tally, shown))
    context.exit(tally.exit_code)


def _replay(files: Sequence[str], show: Callable[[SignIn], None], only_single: bool) -> Tally:
    tally = Tally()
    for found in read(files):
        if isinstance(found, Problem):
            tally.problems.append(found)
            click.echo(f"c7n-mfa signins: {clean(str(found))}", err=True)
            continue
        tally.records += 1
        sign_in = SignIn.from_record(found)
        if sign_in is None:
            continue
        if tally.add(sign_in) and (sign_in.is_single_factor or not only_single):
            show(sign_in)
    return tally


def _print_line(sign_in: SignIn) -> None:
    click.echo(json.dumps(line(sign_in)))


def _whole(sign_in: SignIn) -> dict[str, Any]:
    return line(sign_in) | {
        "account": sign_in.identity.account,
        "region": sign_in.region,
        "address": sign_in.address,
        "user_agent": sign_in.user_agent,
        "reasons": [
            {"code": code, "sentence": sentence}
            for code, sentence in zip(sign_in.reasons, sign_in.sentences, strict=True)
        ],
    }
