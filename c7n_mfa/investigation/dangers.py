# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Calls that are worth a person's eyes after a sign-in: how bad they are, and why.  Data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import cast

from c7n_mfa.frozen import frozen
from c7n_mfa.investigation.dossier import Level


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


WORST = tuple(
    dict.fromkeys(
        name
        for level in ("critical", "high")
        for (_, name), danger in DANGERS.items()
        if danger.level == level
    )
)
"""Their names as LookupEvents takes them, the worst first."""
