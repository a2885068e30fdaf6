# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Respond: from one sign-in to a person who knows and an account that is contained."""
