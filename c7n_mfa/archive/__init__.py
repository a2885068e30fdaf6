# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Our part of the archive that custodian makes of a function: only what its policy takes.

`mode: {packages: [c7n_mfa]}` packs the whole plugin, reports and replay among it.  A slice of it is
packed by its own name, `packages: [c7n_mfa.archive.respond]`, file by file as it was released.
"""
