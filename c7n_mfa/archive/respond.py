# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A function that reacts to sign-ins: `mode: {packages: [c7n_mfa.archive.respond]}`.

The elements signin, investigate-signin, alert-signin, require-mfa, revoke-sessions,
reset-password, release and contained.
"""

from c7n_mfa.archive.slices import RESPOND
from c7n_mfa.archive.stage import Folders

__path__ = Folders(RESPOND)
