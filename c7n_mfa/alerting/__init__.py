# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The message that a person gets about a sign-in, once for each event."""
