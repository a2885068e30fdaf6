# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""One console sign-in: its CloudTrail record, the event filter, and which events reach it."""

from c7n_mfa.signin.record import SignIn as SignIn
