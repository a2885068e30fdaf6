# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""API calls in the day before a sign-in and since: what is dangerous of them, and how far they
reach.  Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from c7n_mfa.frozen import frozen
from c7n_mfa.investigation.dossier import Activity, Count, DangerousCall, Level, Reach
from c7n_mfa.investigation.records import Record
from c7n_mfa.signin.record import at, text

DAY = timedelta(hours=24)

# Where a request says what it acts on; the first that is there is shown.
_TARGETS = (
    "policyArn",
    "roleArn",
    "userName",
    "roleName",
    "groupName",
    "trailName",
    "name",
    "filterName",
    "alarmNames",
    "bucketName",
    "secretId",
    "functionName",
    "logGroupName",
    "topicArn",
    "detectorId",
    "instanceId",
    "groupId",
    "snapshotId",
    "imageId",
    "keyId",
    "stackName",
    "tableName",
)
_TOKENS = (
    "CreateBearerToken",
    "CreateOAuth2Token",
    "CreateOAuth2TokenWithIAM",
    "GetFederationToken",
    "GetSessionToken",
    "GetSigninToken",
)
_ASSUMING = ("AssumeRole", "AssumeRoot", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")
_ACCOUNT = re.compile(r"arn:[\w-]+:[\w-]*:[\w-]*:(\d{12}):")
_MOST_TOUCHED = 20


@frozen
class Danger:
    """Why a call is dangerous, its technique in MITRE ATT&CK for cloud, and how bad it is.

    `high` is what keeps an intruder in, raises what the intruder may do, or blinds who watches;
    `medium` is what the intruder may have come for.
    """

    level: Level
    technique: str
    why: str


# Below level, technique and reason the calls, by service.
_DANGEROUS = """
high T1098.001 creates credentials that outlive the session
    iam: CreateAccessKey CreateLoginProfile UpdateLoginProfile UpdateAccessKey
        UploadSSHPublicKey UploadSigningCertificate CreateServiceSpecificCredential
        ResetServiceSpecificCredential
    ec2: CreateKeyPair ImportKeyPair
high T1136.003 creates a user
    iam: CreateUser
    identitystore: CreateUser
high T1098.003 grants more permissions
    iam: AttachUserPolicy AttachRolePolicy AttachGroupPolicy PutUserPolicy PutRolePolicy
        PutGroupPolicy AddUserToGroup CreatePolicyVersion SetDefaultPolicyVersion
        DeleteUserPermissionsBoundary DeleteRolePermissionsBoundary AddRoleToInstanceProfile
    sso: CreateAccountAssignment AttachManagedPolicyToPermissionSet
        PutInlinePolicyToPermissionSet
high T1098.003 lets others assume a role
    iam: UpdateAssumeRolePolicy CreateRole
high T1484.002 adds or changes an identity provider
    iam: CreateSAMLProvider UpdateSAMLProvider CreateOpenIDConnectProvider
        AddClientIDToOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint
high T1556.006 removes an MFA device
    iam: DeactivateMFADevice DeleteVirtualMFADevice
medium T1098.005 enrols an MFA device, perhaps not the owner's
    iam: EnableMFADevice
high T1550.001 creates a session that outlives its access key
    sts: GetFederationToken
high T1562.008 disables or changes CloudTrail
    cloudtrail: StopLogging DeleteTrail UpdateTrail PutEventSelectors DeleteEventDataStore
        StopEventDataStoreIngestion
high T1562.008 deletes or changes logs and metric filters
    logs: DeleteMetricFilter PutMetricFilter DeleteLogGroup DeleteLogStream
        DeleteSubscriptionFilter PutRetentionPolicy
high T1562.008 deletes VPC flow logs
    ec2: DeleteFlowLogs
high T1562.001 silences an alarm
    monitoring: DeleteAlarms DisableAlarmActions SetAlarmState
high T1562.001 silences notifications
    sns: DeleteTopic Unsubscribe SetSubscriptionAttributes
    events: DeleteRule DisableRule RemoveTargets
high T1562.001 disables or changes a detector
    guardduty: DeleteDetector UpdateDetector CreateFilter CreateIPSet UpdateIPSet
        DisassociateFromAdministratorAccount StopMonitoringMembers
    securityhub: DisableSecurityHub BatchDisableStandards DisassociateFromAdministratorAccount
    config: StopConfigurationRecorder DeleteConfigurationRecorder DeleteDeliveryChannel
    access-analyzer: DeleteAnalyzer
high T1666 leaves the organization and its guardrails
    organizations: LeaveOrganization
high T1530 gives others access to data
    s3: PutBucketPolicy PutBucketAcl PutObjectAcl DeleteBucketPublicAccessBlock
        PutBucketPublicAccessBlock PutBucketReplication DeleteAccountPublicAccessBlock
high T1537 shares data with another account
    ec2: ModifySnapshotAttribute ModifyImageAttribute
    rds: ModifyDBSnapshotAttribute ModifyDBClusterSnapshotAttribute
high T1098.003 lets others use a KMS key
    kms: PutKeyPolicy CreateGrant
high T1485 deletes data
    kms: ScheduleKeyDeletion DisableKey
    s3: DeleteBucket PutBucketLifecycle
    rds: DeleteDBInstance DeleteDBCluster
    dynamodb: DeleteTable
medium T1555.006 reads secrets
    secretsmanager: GetSecretValue BatchGetSecretValue
medium T1552 reads an instance's password
    ec2: GetPasswordData
medium T1578.002 runs instances at your cost, or with one of your roles
    ec2: RunInstances RequestSpotInstances RunScheduledInstances
medium T1562.007 opens the network
    ec2: AuthorizeSecurityGroupIngress ModifyInstanceAttribute
medium T1651 runs commands on instances
    ssm: SendCommand StartSession CreateAssociation
medium T1021.008 runs commands on instances
    ec2-instance-connect: SendSSHPublicKey SendSerialConsoleSSHPublicKey
medium T1648 runs code with one of your roles
    lambda: CreateFunction UpdateFunctionCode UpdateFunctionConfiguration AddPermission
        CreateFunctionUrlConfig
    cloudformation: CreateStack UpdateStack CreateChangeSet
"""


def _dangers(table: str) -> Iterator[tuple[tuple[str, str], Danger]]:
    heading = ""
    for line in table.replace("\n        ", " ").strip().splitlines():
        if not line.startswith(" "):
            heading = line
            continue
        level, technique, why = heading.split(" ", 2)
        service, _, names = line.strip().partition(": ")
        for name in names.split():
            yield (service, name), Danger(cast(Level, level), technique, why)


DANGERS: Mapping[tuple[str, str], Danger] = dict(_dangers(_DANGEROUS))
"""The calls that are worth a person's eyes after a single-factor sign-in."""

# Lambda writes the version of its API behind some names: CreateFunction20150331.
_VERSION = re.compile(r"20\d{6}(v\d+)?$")


def danger_of(service: str, name: str) -> Danger | None:
    """What is dangerous about a call; None for all the others."""
    return DANGERS.get((service, _VERSION.sub("", name)))


def activity(records: Iterable[Record], moment: datetime) -> Activity:
    """The calls around a sign-in by service and name, and the dangerous ones one by one."""
    near = [r for r in records if r.at >= moment - DAY]
    dangerous = [call for r in near if (call := _dangerous(r, moment))]
    return Activity(
        before=_counts(r for r in near if r.at < moment),
        since=_counts(r for r in near if r.at >= moment),
        dangerous=tuple(sorted(dangerous, key=lambda call: call.at)),
    )


def reach(records: Iterable[Record], moment: datetime, account: str | None) -> Reach:
    """The roles, tokens, keys, users and other accounts that it reached, and what it touched."""
    near = [r for r in records if r.at >= moment - DAY and r.error is None]
    accounts = {number for r in near for number in _accounts(r)} - {account}
    touched = Counter(name for r in near for name in r.resources)
    return Reach(
        roles=_distinct(_role(r) for r in near),
        tokens=_distinct(r.name if r.name in _TOKENS else None for r in near),
        keys=_distinct(_made(r, "CreateAccessKey", "accessKey", "accessKeyId") for r in near),
        users=_distinct(_made(r, "CreateUser", "user", "userName") for r in near),
        accounts=tuple(sorted(accounts)),
        touched=tuple(name for name, _ in touched.most_common(_MOST_TOUCHED)),
    )


def _counts(records: Iterable[Record]) -> tuple[Count, ...]:
    calls: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    for record in records:
        calls[record.service, record.name] += 1
        failed[record.service, record.name] += record.error is not None
    ordered = sorted(calls, key=lambda call: (-calls[call], call))
    return tuple(Count(*call, calls[call], failed[call]) for call in ordered)


def _dangerous(record: Record, moment: datetime) -> DangerousCall | None:
    danger = danger_of(record.service, record.name)
    if danger is None:
        return None
    return DangerousCall(
        at=record.at,
        service=record.service,
        name=record.name,
        target=_target(at(record.raw, "requestParameters")),
        region=record.region,
        actor=record.actor,
        done=record.error is None,
        since=record.at >= moment,
        level=danger.level,
        why=danger.why,
        technique=danger.technique,
    )


def _target(parameters: Any) -> str | None:
    for key in _TARGETS:
        value = at(parameters, key)
        if isinstance(value, list):
            value = ", ".join(map(str, value))
        if text(value):
            return f"{key}={value}"
    return None


def _role(record: Record) -> str | None:
    """The role that a call made the caller; the console's SwitchRole is recorded as the role."""
    if record.name in _ASSUMING:
        return text(at(record.raw, "requestParameters", "roleArn"))
    if record.name == "SwitchRole" and record.service == "signin":
        return text(at(record.raw, "userIdentity", "arn"))
    return None


def _made(record: Record, name: str, *keys: str) -> str | None:
    if record.name != name or record.service != "iam":
        return None
    return text(at(record.raw, "responseElements", *keys))


def _accounts(record: Record) -> Iterator[str]:
    for part in ("requestParameters", "resources", "additionalEventData"):
        yield from _ACCOUNT.findall(str(at(record.raw, part)))
    number = text(at(record.raw, "recipientAccountId"))
    if number:
        yield number


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
