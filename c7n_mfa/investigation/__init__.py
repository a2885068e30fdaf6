# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Investigate: the questions to AWS, and what their answers say (pure)."""
