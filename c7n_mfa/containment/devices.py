# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""MFA devices that were enrolled after a sign-in: with one, the next session is one with MFA.

The policy that requires MFA lets such a session through, and the sign-in that opens it is no longer
one without MFA.  Nothing is taken off by itself: it may be the owner, who did what he was asked to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from c7n_mfa.aws.read import ReadFailure
from c7n_mfa.aws.times import format_time
from c7n_mfa.containment import operations as op
from c7n_mfa.containment.iam import Device, Iam
from c7n_mfa.containment.values import Occasion, Receipt


def enrolled_since(iam: Iam, occasion: Occasion) -> Iterator[Receipt]:
    """A receipt for each device enrolled since the sign-in, or for not knowing whether any was."""
    since = occasion.event_time
    if since is None:
        return
    devices = iam.mfa_devices()
    if isinstance(devices, ReadFailure):
        yield iam.receipt("failed", _UNREAD, devices.sentence())
        return
    for device in devices or ():
        if device.enrolled >= since:
            yield _open(iam, device)


def _open(iam: Iam, device: Device) -> Receipt:
    why = _ENROLLED.format(device.serial, format_time(device.enrolled))
    call = op.DEACTIVATE_MFA_DEVICE("", UserName=iam.user.name, SerialNumber=device.serial)
    return replace(iam.receipt("failed", why), by_hand=(call,))


_ENROLLED = (
    "the MFA device {} was enrolled at {}, after the sign-in, and whoever has it signs in with "
    "MFA; deactivate it, unless the owner says that it is theirs"
)
_UNREAD = "whether an MFA device was enrolled since the sign-in is not known"
