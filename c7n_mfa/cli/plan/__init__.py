# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""`c7n-mfa plan`: what a repair policy would change, without changing anything."""
