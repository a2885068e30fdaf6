# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What custodian's output directory says about the chains, for people and pipelines."""
