# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Filters and actions for Cloud Custodian that watch console sign-ins without MFA."""

__version__ = "0.1.0"
