# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Repair: what would make a chain whole (plan, pure) and doing it (apply, AWS)."""
