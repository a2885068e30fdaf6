# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The filters and actions that c7n sees: they fetch, ask the core, annotate, return."""
