# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The chain from a trail to a subscription: its values, what AWS says of them, and the verdict."""
