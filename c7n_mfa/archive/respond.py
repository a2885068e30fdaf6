# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A function that investigates, contains and tells: `packages: [c7n_mfa.archive.respond]`.

The elements of `tell` and of `contain`, for a policy that has them all.
"""

from c7n_mfa.archive.slices import RESPOND
from c7n_mfa.archive.stage import Folders

__path__ = Folders(RESPOND)
