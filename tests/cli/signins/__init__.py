# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
