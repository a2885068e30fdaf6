# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`python -m demo [--keep] [OUT]`: the main job, for real, on a local AWS."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from c7n_mfa.cli.terminal import console_for

from .evaluator import Evaluator, Observation
from .local_aws import LocalAws, LocalAwsError, invite, print_now, wait_for_end
from .monitoring import Monitoring
from .responding import Responding
from .shell import CommandFailed, Shell, Unexpected

_ROOT = Path(__file__).resolve().parent.parent
_OUT = Path("output") / "demo"
_REAL_ACCOUNT = """\
AWS_PROFILE is set to {profile}, and the demo only ever uses its own local AWS.
For the account behind that profile, type what the demo would:

  # reads only
  custodian run -s output/audit policies/audit/signin-monitoring-broken.yml
  c7n-mfa report output/audit

and, once the subscriptions in the repair policy are your own:

  # makes what is missing
  custodian run -s output/repair policies/repair/signin-monitoring-repair.yml

To see the demo: unset AWS_PROFILE."""


def main() -> int:
    """Run the demo; 0 when everything happened as it says."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the local AWS running")
    parser.add_argument("out", nargs="?", type=Path, default=_OUT, help=f"folder ({_OUT})")
    options = parser.parse_args()
    profile = os.environ.get("AWS_PROFILE")
    if profile:
        print(_REAL_ACCOUNT.format(profile=profile), file=sys.stderr)
        return 2
    # The commands the demo shows name the policies as they are found from here.
    os.chdir(_ROOT)
    # So that the local AWS is ended on a polite kill as it is on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        _run(options.out, options.keep)
    except (LocalAwsError, CommandFailed, Unexpected) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted; the local AWS is stopped.", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


def _run(out: Path, keep: bool) -> None:
    observations: list[Observation] = []
    # With AUTH it enforces IAM, which the second half is about.
    with LocalAws(settings={"AUTH": "true"}) as aws:
        evaluator = Evaluator(aws.session(), observations.append)
        with evaluator.running():
            shell = Shell(console_for(sys.stdout), aws.env())
            inbox = Monitoring(shell, aws.session(), out, observations).run()
            Responding(shell, aws.session(), aws.endpoint_url, out).run(inbox)
            shell.say(f"What custodian wrote is in {out}.")
            if keep:
                shell.heading(f"The local AWS runs on at {aws.endpoint_url}. In another terminal:")
                evaluator.say = print_now
                invite(aws)
                wait_for_end(aws)


if __name__ == "__main__":
    sys.exit(main())
