# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The command line: reports, plans, patterns and sign-ins.  Never imported by a function."""
