# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""An MFA device enrolled after a sign-in is reported, and left for a person to take off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from c7n_mfa.aws.read import Reader
from c7n_mfa.containment.apply import Containment
from c7n_mfa.containment.documents import Form
from c7n_mfa.containment.exclude import Exclusion
from c7n_mfa.containment.values import Occasion, User
from calls import denied, watched

SIGNED_IN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ARN = "arn:aws:iam::123456789012:user/alice"
DEVICE = "arn:aws:iam::123456789012:mfa/phone"
DONE = ("require-mfa", "done")


def devices(*enrolled: datetime):
    return {
        "MFADevices": [
            {"UserName": "alice", "SerialNumber": DEVICE, "EnableDate": at} for at in enrolled
        ]
    }


@pytest.fixture
def contain():
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        session.client("iam").create_user(UserName="alice")

        def contain(stubs=None, faults=None, signed_in=SIGNED_IN, exclude="break-glass-*"):
            occasion = Occasion(SIGNED_IN + 20 * SECOND, "contain-now", "11111111-a", signed_in)
            containment = Containment(Reader(session), occasion, Exclusion(names=(exclude,)))
            with watched(faults, stubs=stubs or {}) as calls:
                receipts = containment.require_mfa(User("alice", ARN), Form("console"), False)
            return receipts, calls

        yield contain


def said(receipts):
    return [(receipt.action, receipt.result) for receipt in receipts]


@pytest.mark.parametrize("late", [timedelta(0), SECOND, 10 * SECOND])
def test_a_device_enrolled_since_the_sign_in_is_named_with_the_command_against_it(contain, late):
    receipts, calls = contain({"iam:ListMFADevices": devices(SIGNED_IN + late)})

    assert said(receipts) == [DONE, ("require-mfa", "failed")]
    at = (SIGNED_IN + late).isoformat().replace("+00:00", "Z")
    assert receipts[1].why == (
        f"the MFA device {DEVICE} was enrolled at {at}, after the sign-in, and whoever has it "
        "signs in with MFA; deactivate it, unless the owner says that it is theirs"
    )
    (by_hand,) = receipts[1].to_dict()["by_hand"]
    assert (by_hand["operation"], by_hand["parameters"]) == (
        "deactivate_mfa_device",
        {"UserName": "alice", "SerialNumber": DEVICE},
    )
    assert "iam:DeactivateMFADevice" not in calls.made


def test_a_device_of_before_the_sign_in_is_the_owners(contain):
    receipts, _ = contain({"iam:ListMFADevices": devices(SIGNED_IN - SECOND)})

    assert said(receipts) == [DONE]


def test_devices_that_cannot_be_read_are_not_known_to_be_none(contain):
    receipts, _ = contain(faults={"iam:ListMFADevices": denied})

    assert said(receipts) == [DONE, ("require-mfa", "failed")]
    assert receipts[1].why == ("whether an MFA device was enrolled since the sign-in is not known")
    assert receipts[1].error == f"access denied: grant iam:ListMFADevices on {ARN}"


def test_without_a_sign_in_no_device_is_newer(contain):
    receipts, calls = contain({"iam:ListMFADevices": devices(SIGNED_IN)}, signed_in=None)

    assert "iam:ListMFADevices" not in calls.made
    assert len(receipts) == 1


def test_of_a_user_who_is_left_alone_no_device_is_read(contain):
    receipts, calls = contain({"iam:ListMFADevices": devices(SIGNED_IN)}, exclude="alice")

    assert said(receipts) == [("require-mfa", "skipped")]
    assert "iam:ListMFADevices" not in calls.made
