# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Trail files read again: who signed in, and how."""
