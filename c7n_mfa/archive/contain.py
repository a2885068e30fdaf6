# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A function that contains users: `mode: {packages: [c7n_mfa.archive.contain]}`.

The elements signin, require-mfa, revoke-sessions, reset-password, release, contained and
alert-signin.
"""

from c7n_mfa.archive.slices import CONTAIN
from c7n_mfa.archive.stage import Folders

__path__ = Folders(CONTAIN)
