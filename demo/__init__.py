# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The main job, shown on a local AWS: `python -m demo`."""
