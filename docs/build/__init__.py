# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Writes the pages of docs/ that say what the code says: `python -m docs.build`."""
