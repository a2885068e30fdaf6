# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Investigation: what is read about a sign-in, and what it says."""
