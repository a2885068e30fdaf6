# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The one-fault bench: a good chain, one change, and the one reason that it must have.

Read by the tests and by the page docs/faults.md.  Written by hand from AWS's documentation.
"""
