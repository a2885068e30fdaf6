# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A function that audits the account: `mode: {packages: [c7n_mfa.archive.monitoring]}`.

The elements signin-monitoring and set-signin-monitoring.
"""

from c7n_mfa.archive.slices import MONITORING
from c7n_mfa.archive.stage import Folders

__path__ = Folders(MONITORING)
