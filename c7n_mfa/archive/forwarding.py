# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A function that looks after forwarding: `mode: {packages: [c7n_mfa.archive.forwarding]}`.

The elements signin-forwarding, set-signin-forwarding and remove-signin-forwarding.
"""

from c7n_mfa.archive.slices import FORWARDING
from c7n_mfa.archive.stage import Folders

__path__ = Folders(FORWARDING)
