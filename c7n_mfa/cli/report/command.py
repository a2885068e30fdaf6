# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa report`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from c7n_mfa.cli.terminal import console_for

from . import as_json, markdown, tree
from .assemble import assemble
from .read import read_outputs
from .values import Report


@click.command("report")
@click.argument(
    "outputs", nargs=-1, required=True, metavar="OUT...", type=click.Path(path_type=Path)
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="For a person, a program, or a job summary.",
)
@click.pass_context
def report(context: click.Context, outputs: Sequence[Path], format_: str) -> None:
    """Say who hears of a console sign-in without MFA, from what custodian wrote.

    OUT is the directory given to `custodian run -s`; several may be given, and c7n-org's works too.

    Exit status: 0 clean, 1 findings, 2 could not tell.
    """
    found = report_on(outputs)
    show(found, format_)
    context.exit(found.exit_code)


def report_on(outputs: Sequence[Path]) -> Report:
    """The report over some output directories."""
    read = read_outputs(outputs)
    return assemble(read.runs, read.problems, read.others)


def show(found: Report, format_: str) -> None:
    """Print a report to standard output."""
    if format_ == "json":
        sys.stdout.write(as_json.render(found))
    elif format_ == "markdown":
        sys.stdout.write(_writable(markdown.render(found)))
    else:
        console_for(sys.stdout).print(tree.render(found))


def _writable(text: str) -> str:
    """Markdown that the output can hold: a character reference shows the same sign."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, errors="xmlcharrefreplace").decode(encoding)
