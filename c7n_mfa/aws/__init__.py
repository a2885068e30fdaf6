# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What every capability needs of AWS: reads, ARNs, policies, event patterns, changes."""
