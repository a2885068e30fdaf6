# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Forwarding: sign-ins of every Region reach the event bus of one, the home Region."""
