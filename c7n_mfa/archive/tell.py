# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A function that tells of sign-ins: `mode: {packages: [c7n_mfa.archive.tell]}`.

The elements signin, investigate-signin and alert-signin.
"""

from c7n_mfa.archive.slices import TELL
from c7n_mfa.archive.stage import Folders

__path__ = Folders(TELL)
