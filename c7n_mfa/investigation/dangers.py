# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The API calls that are worth a person's eyes after such a sign-in: why, and as what technique.

Data.  The techniques are those of MITRE ATT&CK for cloud.  `high` is what keeps an intruder in,
raises what he may do, or blinds who watches; `medium` is what he may have come for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from c7n_mfa.investigation.dossier import Level


@dataclass(frozen=True, slots=True)
class Danger:
    why: str
    technique: str
    level: Level


_KINDS: tuple[tuple[str, str, Level, str, str], ...] = (
    (
        "makes credentials that outlive this session",
        "T1098.001",
        "high",
        "iam",
        "CreateAccessKey CreateLoginProfile UpdateLoginProfile UpdateAccessKey UploadSSHPublicKey "
        "UploadSigningCertificate CreateServiceSpecificCredential ResetServiceSpecificCredential",
    ),
    (
        "makes credentials that outlive this session",
        "T1098.001",
        "high",
        "ec2",
        "CreateKeyPair ImportKeyPair",
    ),
    ("makes a user of its own", "T1136.003", "high", "iam", "CreateUser"),
    ("makes a user of its own", "T1136.003", "high", "identitystore", "CreateUser"),
    (
        "gives somebody more rights",
        "T1098.003",
        "high",
        "iam",
        "AttachUserPolicy AttachRolePolicy AttachGroupPolicy PutUserPolicy PutRolePolicy "
        "PutGroupPolicy AddUserToGroup CreatePolicyVersion SetDefaultPolicyVersion "
        "DeleteUserPermissionsBoundary DeleteRolePermissionsBoundary AddRoleToInstanceProfile",
    ),
    (
        "gives somebody more rights",
        "T1098.003",
        "high",
        "sso",
        "CreateAccountAssignment AttachManagedPolicyToPermissionSet PutInlinePolicyToPermissionSet",
    ),
    (
        "lets somebody else become a role",
        "T1098.003",
        "high",
        "iam",
        "UpdateAssumeRolePolicy CreateRole",
    ),
    (
        "trusts another identity provider",
        "T1484.002",
        "high",
        "iam",
        "CreateSAMLProvider UpdateSAMLProvider CreateOpenIDConnectProvider "
        "AddClientIDToOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint",
    ),
    (
        "takes a second factor away",
        "T1556.006",
        "high",
        "iam",
        "DeactivateMFADevice DeleteVirtualMFADevice",
    ),
    (
        "enrols a second factor, perhaps not the owner's",
        "T1098.005",
        "medium",
        "iam",
        "EnableMFADevice",
    ),
    (
        "keeps a session alive without its key",
        "T1550.001",
        "high",
        "sts",
        "GetFederationToken",
    ),
    (
        "blinds CloudTrail",
        "T1562.008",
        "high",
        "cloudtrail",
        "StopLogging DeleteTrail UpdateTrail PutEventSelectors DeleteEventDataStore "
        "StopEventDataStoreIngestion",
    ),
    (
        "blinds the logs",
        "T1562.008",
        "high",
        "logs",
        "DeleteMetricFilter PutMetricFilter DeleteLogGroup DeleteLogStream "
        "DeleteSubscriptionFilter PutRetentionPolicy",
    ),
    ("blinds the network's logs", "T1562.008", "high", "ec2", "DeleteFlowLogs"),
    (
        "silences an alarm",
        "T1562.001",
        "high",
        "monitoring",
        "DeleteAlarms DisableAlarmActions SetAlarmState",
    ),
    (
        "silences a notification",
        "T1562.001",
        "high",
        "sns",
        "DeleteTopic Unsubscribe SetSubscriptionAttributes",
    ),
    (
        "silences a notification",
        "T1562.001",
        "high",
        "events",
        "DeleteRule DisableRule RemoveTargets",
    ),
    (
        "switches a detector off",
        "T1562.001",
        "high",
        "guardduty",
        "DeleteDetector UpdateDetector CreateFilter CreateIPSet UpdateIPSet "
        "DisassociateFromAdministratorAccount StopMonitoringMembers",
    ),
    (
        "switches a detector off",
        "T1562.001",
        "high",
        "securityhub",
        "DisableSecurityHub BatchDisableStandards DisassociateFromAdministratorAccount",
    ),
    (
        "switches a detector off",
        "T1562.001",
        "high",
        "config",
        "StopConfigurationRecorder DeleteConfigurationRecorder DeleteDeliveryChannel",
    ),
    ("switches a detector off", "T1562.001", "high", "access-analyzer", "DeleteAnalyzer"),
    (
        "leaves the organization's guard rails",
        "T1666",
        "high",
        "organizations",
        "LeaveOrganization",
    ),
    (
        "opens data to others",
        "T1530",
        "high",
        "s3",
        "PutBucketPolicy PutBucketAcl PutObjectAcl DeleteBucketPublicAccessBlock "
        "PutBucketPublicAccessBlock PutBucketReplication DeleteAccountPublicAccessBlock",
    ),
    (
        "hands data to another account",
        "T1537",
        "high",
        "ec2",
        "ModifySnapshotAttribute ModifyImageAttribute",
    ),
    (
        "hands data to another account",
        "T1537",
        "high",
        "rds",
        "ModifyDBSnapshotAttribute ModifyDBClusterSnapshotAttribute",
    ),
    ("hands a key to others", "T1098.003", "high", "kms", "PutKeyPolicy CreateGrant"),
    ("destroys data", "T1485", "high", "kms", "ScheduleKeyDeletion DisableKey"),
    ("destroys data", "T1485", "high", "s3", "DeleteBucket PutBucketLifecycle"),
    ("destroys data", "T1485", "high", "rds", "DeleteDBInstance DeleteDBCluster"),
    ("destroys data", "T1485", "high", "dynamodb", "DeleteTable"),
    (
        "reads secrets",
        "T1555.006",
        "medium",
        "secretsmanager",
        "GetSecretValue BatchGetSecretValue",
    ),
    ("reads a machine's password", "T1552", "medium", "ec2", "GetPasswordData"),
    (
        "runs machines at your cost, or with a role of yours",
        "T1578.002",
        "medium",
        "ec2",
        "RunInstances RequestSpotInstances RunScheduledInstances",
    ),
    (
        "opens the network",
        "T1562.007",
        "medium",
        "ec2",
        "AuthorizeSecurityGroupIngress ModifyInstanceAttribute",
    ),
    (
        "runs commands on machines",
        "T1651",
        "medium",
        "ssm",
        "SendCommand StartSession CreateAssociation",
    ),
    (
        "runs commands on machines",
        "T1021.008",
        "medium",
        "ec2-instance-connect",
        "SendSSHPublicKey SendSerialConsoleSSHPublicKey",
    ),
    (
        "runs code with a role of yours",
        "T1648",
        "medium",
        "lambda",
        "CreateFunction UpdateFunctionCode UpdateFunctionConfiguration AddPermission "
        "CreateFunctionUrlConfig",
    ),
    (
        "runs code with a role of yours",
        "T1648",
        "medium",
        "cloudformation",
        "CreateStack UpdateStack CreateChangeSet",
    ),
)

DANGERS: Mapping[tuple[str, str], Danger] = {
    (service, name): Danger(why, technique, level)
    for why, technique, level, service, names in _KINDS
    for name in names.split()
}

# Lambda writes the version of its API behind some names: CreateFunction20150331.
_VERSION = re.compile(r"20\d{6}(v\d+)?$")


def danger(service: str, name: str) -> Danger | None:
    """What is dangerous about a call; None for all the others."""
    return DANGERS.get((service, _VERSION.sub("", name)))
