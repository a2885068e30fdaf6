# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`python -m demo [OUT]`: the main job, for real, on a local AWS."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from .local_aws import LocalAws, LocalAwsError
from .shell import CommandFailed
from .story import Story, Unexpected

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
  custodian run -s output/repair policies/repair/signin-monitoring-repaired.yml

To see the demo: unset AWS_PROFILE."""


def main() -> int:
    """Run the demo; 0 when everything happened as told."""
    profile = os.environ.get("AWS_PROFILE")
    if profile:
        print(_REAL_ACCOUNT.format(profile=profile), file=sys.stderr)
        return 2
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else _OUT
    # The commands the demo shows name the policies as they are found from here.
    os.chdir(_ROOT)
    # So that the local AWS is ended on a polite kill as it is on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        # With AUTH it enforces IAM, which the second half is about.
        with LocalAws(settings={"AUTH": "true"}) as aws:
            Story(aws, out).tell()
        print("The local AWS is stopped, and nothing of it is left.")
    except (LocalAwsError, CommandFailed, Unexpected) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted; the local AWS is stopped.", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


if __name__ == "__main__":
    sys.exit(main())
