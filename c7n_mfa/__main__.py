# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`python -m c7n_mfa` is `c7n-mfa`."""

from __future__ import annotations

from c7n_mfa.cli.main import main

main()
