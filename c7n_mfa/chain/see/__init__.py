# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What AWS says of each link: reads that fill a snapshot, and never raise for what AWS answers."""
