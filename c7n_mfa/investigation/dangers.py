# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Calls that are worth a person's eyes after a sign-in: how bad they are, why, and who says so.

Data.  `high` is what keeps an intruder in, raises what the intruder may do, or blinds who watches;
`medium` is what the intruder may have come for.  `critical` is what undoes a containment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, zip_longest
from typing import Any, cast

from c7n_mfa.frozen import frozen
from c7n_mfa.investigation.dossier import Level


@frozen
class Danger:
    """How bad a call is, its technique in MITRE ATT&CK for cloud, why, and the source of that."""

    level: Level
    technique: str
    why: str
    source: str


# Below level, technique and reason the calls by service, as CloudTrail spells them, and a source.
# The first of a level are the first to be asked for by name.
_ANYBODYS = """
high T1098.001 creates credentials that outlive the session
    iam: CreateAccessKey CreateLoginProfile UpdateLoginProfile
        [stratus:aws.persistence.iam-create-user-login-profile]
high T1136.003 creates a user
    iam: CreateUser [stratus:aws.persistence.iam-create-admin-user]
    identitystore: CreateUser [aws:singlesignon/latest/IdentityStoreAPIReference/API_CreateUser]
high T1562.008 disables or changes CloudTrail
    cloudtrail: StopLogging DeleteTrail UpdateTrail PutEventSelectors DeleteEventDataStore
        StopEventDataStoreIngestion UpdateEventDataStore DeregisterOrganizationDelegatedAdmin
        [sigma:aws_cloudtrail_disable_logging]
high T1098.003 grants more permissions
    iam: AttachUserPolicy PutUserPolicy AddUserToGroup AttachRolePolicy PutRolePolicy
        AttachGroupPolicy PutGroupPolicy CreatePolicyVersion SetDefaultPolicyVersion
        AddRoleToInstanceProfile [hacking:iam_privilege_escalation]
    sso: CreateAccountAssignment AttachManagedPolicyToPermissionSet
        PutInlinePolicyToPermissionSet AttachCustomerManagedPolicyReferenceToPermissionSet
        DeletePermissionsBoundaryFromPermissionSet ProvisionPermissionSet
        [sigma:aws_iam_identity_center_permission_set_privilege_escalation]
    identitystore: CreateGroupMembership
        [aws:singlesignon/latest/IdentityStoreAPIReference/API_CreateGroupMembership]
high T1098.003 takes from a user what denies or limits
    iam: DeleteUserPolicy DetachUserPolicy DeleteUserPermissionsBoundary
        PutUserPermissionsBoundary RemoveUserFromGroup DeleteRolePermissionsBoundary
        [hacking:iam_privilege_escalation]
high T1098.003 lets others assume a role
    iam: UpdateAssumeRolePolicy CreateRole [stratus:aws.persistence.iam-backdoor-role]
    rolesanywhere: CreateTrustAnchor UpdateTrustAnchor EnableTrustAnchor CreateProfile
        UpdateProfile EnableProfile [stratus:aws.persistence.rolesanywhere-create-trust-anchor]
high T1098.003 gives access to a Kubernetes cluster
    eks: CreateAccessEntry UpdateAccessEntry AssociateAccessPolicy
        AssociateIdentityProviderConfig CreatePodIdentityAssociation
        UpdatePodIdentityAssociation [aws:eks/latest/userguide/access-entries]
high T1556.006 removes an MFA device
    iam: DeactivateMFADevice DeleteVirtualMFADevice [attack:T1556/006]
high T1484.002 adds or changes an identity provider
    iam: CreateSAMLProvider UpdateSAMLProvider CreateOpenIDConnectProvider
        AddClientIDToOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint
        [elastic:defense_evasion_iam_saml_provider_updated]
    sso: CreateTrustedTokenIssuer UpdateTrustedTokenIssuer
        [aws:singlesignon/latest/APIReference/API_CreateTrustedTokenIssuer]
high T1556.009 changes who may sign in, and from where
    signin: PutResourcePermissionStatement DeleteResourcePermissionStatement
        PutConsoleAuthorizationConfiguration
        [aws:service-authorization/latest/reference/list_awssignin]
    iam: UpdateAccountPasswordPolicy DeleteAccountPasswordPolicy
        [elastic:defense_evasion_iam_account_password_policy_deleted]
high T1550.001 creates a session that outlives its access key
    sts: GetFederationToken [stratus:aws.persistence.sts-federation-token]
high T1550.001 creates credentials of aws login, which refresh themselves for 12 hours
    signin: AuthorizeOAuth2Access CreateOAuth2Token CreateOAuth2TokenWithIAM
        [aws:cli/latest/userguide/cli-configure-sign-in]
high T1078.004 takes on root of a member account
    sts: AssumeRoot [aws:STS/latest/APIReference/API_AssumeRoot]
    iam: EnableOrganizationsRootSessions
        [aws:IAM/latest/APIReference/API_EnableOrganizationsRootSessions]
high T1098.001 creates other credentials that outlive the session
    iam: UpdateAccessKey UploadSSHPublicKey UploadSigningCertificate
        CreateServiceSpecificCredential ResetServiceSpecificCredential [attack:T1098/001]
    ec2: CreateKeyPair ImportKeyPair [stratus:aws.persistence.ec2-create-suspicious-keypair]
high T1562.008 deletes or changes logs and metric filters
    logs: DeleteMetricFilter PutMetricFilter DeleteLogGroup DeleteLogStream
        DeleteSubscriptionFilter PutRetentionPolicy
        [elastic:defense_evasion_cloudwatch_log_stream_deletion]
    ec2: DeleteFlowLogs [stratus:aws.defense-evasion.vpc-remove-flow-logs]
    route53resolver: DeleteResolverQueryLogConfig DisassociateResolverQueryLogConfig
        [stratus:aws.defense-evasion.dns-delete-logs]
    bedrock: DeleteModelInvocationLoggingConfiguration PutModelInvocationLoggingConfiguration
        [stratus:aws.defense-evasion.bedrock-model-invocation-logging-delete]
high T1562.001 silences an alarm
    monitoring: DeleteAlarms DisableAlarmActions SetAlarmState PutMetricAlarm PutCompositeAlarm
        PutAlarmMuteRule [elastic:defense_evasion_cloudwatch_alarm_deletion]
high T1562.001 silences or redirects notifications
    sns: DeleteTopic Unsubscribe SetTopicAttributes SetSubscriptionAttributes RemovePermission
        [aws:sns/latest/api/API_SetSubscriptionAttributes]
    events: DeleteRule DisableRule RemoveTargets
        [elastic:aws_eventbridge_rule_disabled_or_deleted]
high T1562.001 disables or changes a detector
    guardduty: DeleteDetector UpdateDetector CreateFilter UpdateFilter CreateIPSet UpdateIPSet
        CreateTrustedEntitySet DisassociateFromAdministratorAccount
        DisassociateFromMasterAccount DisassociateMembers DeleteMembers StopMonitoringMembers
        UpdateMemberDetectors DeletePublishingDestination DisableOrganizationAdminAccount
        [elastic:defense_evasion_guardduty_member_manipulation]
    securityhub: DisableSecurityHub BatchDisableStandards DisassociateFromAdministratorAccount
        DisassociateMembers DeleteMembers DisableImportFindingsForProduct
        DisableOrganizationAdminAccount [elastic:defense_evasion_securityhub_disabled]
    config: StopConfigurationRecorder DeleteConfigurationRecorder PutConfigurationRecorder
        DeleteDeliveryChannel DeleteConfigRule [sigma:aws_config_disable_recording]
    access-analyzer: DeleteAnalyzer CreateArchiveRule
        [aws:access-analyzer/latest/APIReference/API_DeleteAnalyzer]
    detective: DeleteGraph [elastic:defense_evasion_detective_graph_deleted]
    macie2: DisableMacie [elastic:defense_evasion_macie_or_inspector_disabled]
    inspector2: Disable [elastic:defense_evasion_macie_or_inspector_disabled]
high T1666 leaves the organization and its guardrails, or lifts them
    organizations: LeaveOrganization [stratus:aws.defense-evasion.organizations-leave]
    organizations: DetachPolicy DeletePolicy UpdatePolicy DisablePolicyType
        RemoveAccountFromOrganization MoveAccount RegisterDelegatedAdministrator
        [sigma:aws_organizations_management_account_write_action]
high T1562.001 lifts a block on all of an account
    s3: PutAccountPublicAccessBlock DeleteAccountPublicAccessBlock
        [aws:AmazonS3/latest/API/API_control_DeletePublicAccessBlock]
    ec2: DisableEbsEncryptionByDefault [elastic:defense_evasion_ec2_disable_ebs_encryption]
    ec2: DisableSnapshotBlockPublicAccess DisableImageBlockPublicAccess
        [aws:AWSEC2/latest/APIReference/API_DisableSnapshotBlockPublicAccess]
    ec2: ModifyVpcBlockPublicAccessOptions
        [aws:AWSEC2/latest/APIReference/API_ModifyVpcBlockPublicAccessOptions]
    ec2: ModifyInstanceMetadataDefaults [elastic:defense_evasion_ec2_imdsv1_enabled]
    ec2: EnableSerialConsoleAccess [elastic:defense_evasion_ec2_serial_console_access_enabled]
high T1098 changes whom AWS writes to about the account
    account: PutAlternateContact DeleteAlternateContact StartPrimaryEmailUpdate
        AcceptPrimaryEmailUpdate [aws:accounts/latest/reference/API_PutAlternateContact]
high T1530 gives others access to data
    s3: PutBucketPolicy PutBucketAcl PutObjectAcl PutBucketReplication
        [stratus:aws.exfiltration.s3-backdoor-bucket-policy]
    s3: PutBucketPublicAccessBlock DeleteBucketPublicAccessBlock
        [sigma:aws_cloudtrail_bucket_block_public_access_weakened]
    ecr: SetRepositoryPolicy PutRegistryPolicy
        [aws:AmazonECR/latest/APIReference/API_SetRepositoryPolicy]
    secretsmanager: PutResourcePolicy
        [aws:secretsmanager/latest/apireference/API_PutResourcePolicy]
    backup: PutBackupVaultAccessPolicy
        [elastic:defense_evasion_backup_vault_access_policy_modified]
high T1537 shares data with another account
    ec2: ModifySnapshotAttribute [stratus:aws.exfiltration.ec2-share-ebs-snapshot]
    ec2: ModifyImageAttribute [stratus:aws.exfiltration.ec2-share-ami]
    rds: ModifyDBSnapshotAttribute ModifyDBClusterSnapshotAttribute
        [stratus:aws.exfiltration.rds-share-snapshot]
    ram: CreateResourceShare AssociateResourceShare UpdateResourceShare
        AssociateResourceSharePermission [aws:ram/latest/APIReference/API_CreateResourceShare]
    ssm: ModifyDocumentPermission
        [aws:systems-manager/latest/APIReference/API_ModifyDocumentPermission]
high T1098.003 lets others use a KMS key
    kms: PutKeyPolicy CreateGrant [elastic:defense_evasion_kms_key_policy_put]
high T1485 deletes data
    kms: ScheduleKeyDeletion DisableKey DeleteImportedKeyMaterial
        [sigma:aws_kms_import_key_material]
    s3: DeleteBucket [sigma:aws_cloudtrail_bucket_deleted]
    s3: PutBucketLifecycle [stratus:aws.defense-evasion.cloudtrail-lifecycle-rule]
    rds: DeleteDBInstance DeleteDBCluster [sigma:aws_rds_dbcluster_actions]
    dynamodb: DeleteTable DeleteBackup [sigma:aws_dynamodb_table_or_backup_deleted]
    backup: DeleteBackupVault DeleteRecoveryPoint DeleteBackupVaultLockConfiguration
        [sigma:aws_backup_vault_or_recovery_point_deleted]
    elasticfilesystem: DeleteFileSystem [sigma:aws_efs_fileshare_modified_or_deleted]
high T1098 gives a domain away
    route53domains: TransferDomainToAnotherAwsAccount
        [sigma:aws_route_53_domain_transferred_to_another_account]
    route53domains: DisableDomainTransferLock
        [sigma:aws_route_53_domain_transferred_lock_disabled]
high T1036 renames a user, so that what goes by the name misses it
    iam: UpdateUser [aws:IAM/latest/APIReference/API_UpdateUser]
medium T1098.005 enrols an MFA device, perhaps not the owner's
    iam: EnableMFADevice CreateVirtualMFADevice [attack:T1098/005]
medium T1531 locks somebody out
    iam: DeleteUser DeleteLoginProfile DeleteAccessKey [sigma:aws_delete_identity]
medium T1562.001 deletes or redirects messages that wait
    sqs: PurgeQueue DeleteQueue SetQueueAttributes [elastic:defense_evasion_sqs_purge_queue]
medium T1562.001 suppresses findings
    securityhub: BatchUpdateFindings UpdateFindings UpdateStandardsControl
        BatchUpdateStandardsControlAssociations CreateAutomationRule
        [sigma:aws_securityhub_finding_evasion]
    guardduty: ArchiveFindings [elastic:defense_evasion_guardduty_finding_suppression]
medium T1562.008 disables the logs of a cluster
    eks: UpdateClusterConfig [elastic:defense_evasion_eks_control_plane_logging_disabled]
medium T1535 opens a Region in which nobody looks
    account: EnableRegion [sigma:aws_cloudtrail_region_enabled]
medium T1530 copies data to where it can be taken
    rds: StartExportTask [elastic:collection_rds_snapshot_export]
    rds: RestoreDBInstanceFromDBSnapshot [sigma:aws_rds_public_db_restore]
    rds: ModifyDBInstance [sigma:aws_rds_change_master_password]
    dynamodb: ExportTableToPointInTime [sigma:aws_dynamodb_table_exported_to_s3]
    ec2: CreateInstanceExportTask [sigma:aws_ec2_vm_export_failure]
    logs: PutSubscriptionFilter
        [aws:AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter]
medium T1490 makes data hard to restore
    s3: PutBucketVersioning [sigma:aws_disable_bucket_versioning]
    ec2: DeregisterImage [stratus:aws.impact.ec2-deregister-ami]
medium T1555.006 reads secrets
    secretsmanager: GetSecretValue
        [stratus:aws.credential-access.secretsmanager-retrieve-secrets]
    secretsmanager: BatchGetSecretValue
        [stratus:aws.credential-access.secretsmanager-batch-retrieve-secrets]
medium T1552 reads an instance's password
    ec2: GetPasswordData [stratus:aws.credential-access.ec2-get-password-data]
medium T1578.002 runs instances at your cost, or with one of your roles
    ec2: RunInstances RequestSpotInstances RunScheduledInstances
        [stratus:aws.execution.ec2-launch-unusual-instances]
    ec2: AssociateIamInstanceProfile ReplaceIamInstanceProfileAssociation
        [hacking:iam_privilege_escalation]
medium T1562.007 opens the network
    ec2: AuthorizeSecurityGroupIngress
        [stratus:aws.exfiltration.ec2-security-group-open-port-22-ingress]
    ec2: ModifyInstanceAttribute [stratus:aws.execution.ec2-user-data]
    ec2: CreateNetworkAclEntry [sigma:aws_cloudtrail_new_acl_entries]
    ec2: CreateVpcPeeringConnection [sigma:aws_ec2_vpc_peering_connection_to_external_account]
medium T1651 runs commands on instances
    ssm: SendCommand CreateAssociation StartAutomationExecution
        [stratus:aws.execution.ssm-send-command]
    ssm: StartSession [stratus:aws.execution.ssm-start-session]
    ecs: ExecuteCommand [aws:AmazonECS/latest/APIReference/API_ExecuteCommand]
medium T1021.008 runs commands on instances
    ec2-instance-connect: SendSSHPublicKey [stratus:aws.lateral-movement.ec2-instance-connect]
    ec2-instance-connect: SendSerialConsoleSSHPublicKey
        [stratus:aws.lateral-movement.ec2-serial-console-send-ssh-public-key]
medium T1648 runs code with one of your roles
    lambda: CreateFunction20150331 UpdateFunctionConfiguration20150331v2
        AddPermission20150331v2 [stratus:aws.persistence.lambda-backdoor-function]
    lambda: UpdateFunctionCode20150331v2 [stratus:aws.persistence.lambda-overwrite-code]
    lambda: CreateFunctionUrlConfig [sigma:aws_lambda_function_url]
    cloudformation: CreateStack UpdateStack CreateChangeSet CreateStackSet UpdateStackSet
        CreateStackInstances [hacking:iam_privilege_escalation]
    codebuild: CreateProject UpdateProject StartBuild [hacking:iam_privilege_escalation]
    glue: CreateDevEndpoint UpdateDevEndpoint CreateJob UpdateJob CreateSession
        [sigma:aws_passed_role_to_glue_development_endpoint]
    sagemaker: CreateNotebookInstance CreatePresignedNotebookInstanceUrl
        UpdateNotebookInstanceLifecycleConfig
        [stratus:aws.execution.sagemaker-update-lifecycle-config]
    ecs: RegisterTaskDefinition RunTask [hacking:iam_privilege_escalation]
"""

# The same of calls that name something of ours: they are worse, or dangerous for that alone.
_AGAINST_US = """
critical T1562.001 undoes what keeps a contained user out
    iam: DeleteUserPolicy DetachUserPolicy PutUserPolicy
        [aws:IAM/latest/APIReference/API_DeleteUserPolicy]
critical T1562.001 changes the tags that say whether a user is contained or released
    iam: UntagUser TagUser [aws:IAM/latest/APIReference/API_UntagUser]
high T1562.001 stops the function that responds, or changes what it does
    lambda: DeleteFunction20150331 [aws:lambda/latest/api/API_DeleteFunction]
    lambda: PutFunctionConcurrency20171031 [aws:lambda/latest/api/API_PutFunctionConcurrency]
    lambda: UpdateFunctionCode20150331v2 UpdateFunctionConfiguration20150331v2
        [stratus:aws.persistence.lambda-overwrite-code]
    lambda: RemovePermission20150331v2 AddPermission20150331v2
        [aws:lambda/latest/api/API_RemovePermission]
    lambda: PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig
        DeleteFunctionEventInvokeConfig [aws:lambda/latest/api/API_PutFunctionEventInvokeConfig]
high T1562.001 cuts the function that responds off from its events
    events: DeleteRule DisableRule RemoveTargets PutRule PutTargets
        [elastic:aws_eventbridge_rule_disabled_or_deleted]
    sqs: DeleteQueue PurgeQueue SetQueueAttributes RemovePermission
        [elastic:defense_evasion_sqs_purge_queue]
    scheduler: DeleteSchedule UpdateSchedule
        [aws:scheduler/latest/APIReference/API_DeleteSchedule]
high T1562.001 takes permissions from the function that responds, or its role over
    iam: DeleteRole DeleteRolePolicy DetachRolePolicy PutRolePolicy AttachRolePolicy
        PutRolePermissionsBoundary UpdateAssumeRolePolicy
        [aws:IAM/latest/APIReference/API_DeleteRolePolicy]
high T1562.001 silences the responder
    sns: DeleteTopic SetTopicAttributes Unsubscribe SetSubscriptionAttributes RemovePermission
        [aws:sns/latest/api/API_SetSubscriptionAttributes]
    logs: DeleteLogGroup DeleteLogStream [elastic:defense_evasion_cloudwatch_log_stream_deletion]
    monitoring: DeleteAlarms DisableAlarmActions SetAlarmState PutMetricAlarm
        [elastic:defense_evasion_cloudwatch_alarm_deletion]
"""

_SOURCES = {
    "attack": "https://attack.mitre.org/techniques/{}/",
    "aws": "https://docs.aws.amazon.com/{}.html",
    "elastic": "https://github.com/elastic/detection-rules/blob/main/rules/integrations/aws/{}.toml",
    "hacking": "https://hackingthe.cloud/aws/exploitation/{}/",
    "sigma": "https://github.com/SigmaHQ/sigma/blob/master/rules/cloud/aws/cloudtrail/{}.yml",
    "stratus": "https://stratus-red-team.cloud/attack-techniques/AWS/{}/",
}

# Lambda writes the version of its API behind some names.
_VERSION = re.compile(r"20\d{6}(v\d+)?$")
# Functions and rules of custodian, and what we name ourselves; and what we tell people to attach.
_OURS = re.compile(r"(^|[:/])(c7n-mfa|custodian-)|:policy/AWSDenyAll$")
_MOST_TEXTS = 200
# What is called of these is recorded in one Region of a partition, that of IAM.
_OF_ONE_REGION = ("account", "iam", "organizations", "route53domains")

_Dangers = Mapping[tuple[str, str], Danger]


def _dangers(table: str) -> Iterator[tuple[tuple[str, str], Danger]]:
    heading = ""
    for line in table.replace("\n        ", " ").strip().splitlines():
        if not line.startswith(" "):
            heading = line
            continue
        level, technique, why = heading.split(" ", 2)
        service, _, rest = line.strip().partition(": ")
        names, _, source = rest.rstrip("]").partition(" [")
        kind, _, part = source.partition(":")
        danger = Danger(cast(Level, level), technique, why, _SOURCES[kind].format(part))
        for name in names.split():
            yield (service, name), danger


ANYBODYS: _Dangers = dict(_dangers(_ANYBODYS))
"""Calls that are dangerous whatever they are aimed at."""
AGAINST_US: _Dangers = dict(_dangers(_AGAINST_US))
"""Calls that are dangerous when aimed at something of ours."""


def _unversioned(dangers: _Dangers) -> _Dangers:
    return {(service, _VERSION.sub("", name)): each for (service, name), each in dangers.items()}


_BY_CALL, _BY_CALL_AGAINST_US = _unversioned(ANYBODYS), _unversioned(AGAINST_US)


def danger_of(service: str, name: str, parameters: object = None) -> Danger | None:
    """What is dangerous about a call; None for all the others."""
    call = (service, _VERSION.sub("", name))
    against_us = _BY_CALL_AGAINST_US.get(call)
    if against_us and any(map(_OURS.search, _texts(parameters))):
        return against_us
    return _BY_CALL.get(call)


def _texts(parameters: Any) -> Iterator[str]:
    """The texts of a request, to the depth of a list of tags; only so many of them."""
    waiting, seen = [parameters], 0
    while waiting and seen < _MOST_TEXTS:
        part = waiting.pop()
        seen += 1
        if isinstance(part, str):
            yield part
        elif isinstance(part, Mapping):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def worst_calls(*, of_iam: bool) -> tuple[str, ...]:
    """The names to ask LookupEvents for, the worst first; `of_iam` in the Region that IAM has."""
    critical = _at_level(AGAINST_US, "critical", of_iam)
    high = zip_longest(_at_level(ANYBODYS, "high", of_iam), _at_level(AGAINST_US, "high", of_iam))
    return tuple(dict.fromkeys(filter(None, chain(critical, *high))))


def _at_level(dangers: _Dangers, level: Level, of_iam: bool) -> Iterator[str]:
    for (service, name), danger in dangers.items():
        if danger.level == level and (of_iam or service not in _OF_ONE_REGION):
            yield name
