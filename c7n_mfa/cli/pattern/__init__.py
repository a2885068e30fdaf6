# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""For people who review patterns and policies; never imported by Lambda code."""
