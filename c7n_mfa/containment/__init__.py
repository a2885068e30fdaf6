# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Containment of an IAM user after a single-factor sign-in, and its release.

What to do is decided in plain values (`documents`, `decide`, `exclude`); `apply` and `release` make
the calls.
"""
