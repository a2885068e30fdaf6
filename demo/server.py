# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Runs inside the local AWS's own environment: the server, tied to the life of its parent.

Standard input is a pipe whose other end the parent holds.
When it closes, however the parent ended, the server and the functions it started end too.

Four things are changed in the server.  It would publish the notification of an alarm to a topic
whatever the topic's policy and its key say; here they are asked, as AWS asks them, with the
server's own evaluation of policies.  And a new function would be active half a second later, for
which custodian waits five; here it is active at once.  It takes no event of `aws.signin` from a
client, as AWS does not; here there is a trace header by which it takes CloudTrail's own.  And it
cannot rename a user; here it can, and the user's keys and sessions stay the user's.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

# As `demo.local_aws` names the directories it makes; nothing else is ever removed.
_DIRECTORY_PREFIX = "c7n-mfa-local-aws-"
_CLOUDWATCH = "cloudwatch.amazonaws.com"
# As `demo.response` writes it.
_CLOUDTRAIL = "local-cloudtrail"
_ACTIONS = {
    "ALARM": "AlarmActions",
    "OK": "OKActions",
    "INSUFFICIENT_DATA": "InsufficientDataActions",
}


def _end_with_the_parent() -> None:
    # os.read and not sys.stdin: a daemon thread inside the buffered reader aborts the interpreter.
    while os.read(0, 1):
        pass
    # A parent that was killed outright has not tidied up either.
    if Path.cwd().name.startswith(_DIRECTORY_PREFIX):
        _remove_afterwards(Path.cwd())
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _remove_afterwards(directory: Path) -> None:
    """Remove the directory once this process and its functions, which write there, have ended."""
    # What it reads ends when this process does.
    code = "import shutil, sys; sys.stdin.read(); shutil.rmtree(sys.argv[1], ignore_errors=True)"
    subprocess.Popen(
        [sys.executable, "-I", "-c", code, str(directory)],
        stdin=subprocess.PIPE,
        cwd=directory.parent,
        start_new_session=True,
    )


def _ask_topics_before_alarms_publish() -> None:
    """Leave out of an alarm's actions the topics that do not take its notification."""
    cloudwatch = import_module("ministack.services.cloudwatch")
    dispatch = cloudwatch._dispatch_alarm_actions

    def asked(alarm: dict[str, Any], old_state: str, new_state: str, reason: str) -> None:
        actions = _ACTIONS.get(new_state, "")
        taken = [arn for arn in alarm.get(actions) or () if _takes(arn, alarm["AlarmArn"])]
        dispatch({**alarm, actions: taken}, old_state, new_state, reason)

    cloudwatch._dispatch_alarm_actions = asked


def _activate_functions_at_once() -> None:
    import_module("ministack.services.lambda_svc")._LAMBDA_STATE_TRANSITION_DELAY = 0.0


def _take_the_events_of_cloudtrail() -> None:
    """Put events whose trace header says so on the bus as AWS's own."""
    eventbridge = import_module("ministack.services.eventbridge")
    put = eventbridge._put_events

    def told(data: dict[str, Any], allow_aws_source: bool = False) -> Any:
        headers = {entry.get("TraceHeader") for entry in data.get("Entries", ())}
        return put(data, allow_aws_source or headers == {_CLOUDTRAIL})

    eventbridge._put_events = told


def _rename_users() -> None:
    iam, sts = (import_module(f"ministack.services.{name}") for name in ("iam", "sts"))

    def update_user(parameters: dict[str, Any]) -> Any:
        old, new = (iam._p(parameters, name) for name in ("UserName", "NewUserName"))
        if old not in iam._users:
            return iam._error(404, "NoSuchEntity", f"There is no user {old}.", ns="iam")
        user = iam._users.pop(old)
        before, user["Arn"] = user["Arn"], f"{user['Arn'].removesuffix(old)}{new}"
        user["UserName"] = new
        iam._users[new] = user
        iam._user_inline_policies[new] = iam._user_inline_policies.pop(old, {})
        for key in iam._access_keys.values():
            key["UserName"] = new if key["UserName"] == old else key["UserName"]
        for session in sts._sessions.values():
            if session.get("Arn") == before:
                session.update(Arn=user["Arn"], PrincipalName=new)
        return iam._xml(200, "UpdateUserResponse", "", ns="iam")

    iam._IAM_HANDLERS["UpdateUser"] = update_user


def _takes(arn: str, alarm: str) -> bool:
    """May CloudWatch publish for this alarm?  What is no topic is not ours to ask."""
    topic = import_module("ministack.services.sns")._topic_by_arn_any_scope(arn)
    if topic is None:
        return True
    attributes = topic["attributes"]
    key = attributes.get("KmsMasterKeyId")
    return _allows(attributes.get("Policy"), "sns:Publish", arn, alarm) and (
        not key or _usable(key, alarm)
    )


def _usable(key: str, alarm: str) -> bool:
    """May CloudWatch use the key?  One that AWS manages is in no account, and not for others."""
    record = import_module("ministack.services.kms")._resolve_key(key)
    return (
        record is not None
        and record["KeyState"] == "Enabled"
        and all(
            _allows(record.get("Policy"), action, record["Arn"], alarm)
            for action in ("kms:Decrypt", "kms:GenerateDataKey")
        )
    )


def _allows(policy: str | None, action: str, resource: str, alarm: str) -> bool:
    evaluator = import_module("ministack.core.iam_evaluator")
    region, account = alarm.split(":")[3:5]
    request = evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=region,
        secure_transport=True,
        service_context={
            "aws:sourcearn": alarm,
            "aws:sourceaccount": account,
            "aws:sourceowner": account,
            "aws:principalisawsservice": "true",
            "aws:principalservicename": _CLOUDWATCH,
        },
    )
    answer = evaluator.evaluate_resource_policy(policy, request, service=_CLOUDWATCH)
    return bool(answer.decision == "Allow")


if __name__ == "__main__":
    # The group that gets killed must be the server's own, never the shell's.
    if os.getpgrp() == os.getpid():
        threading.Thread(target=_end_with_the_parent, daemon=True).start()
    _ask_topics_before_alarms_publish()
    _activate_functions_at_once()
    _take_the_events_of_cloudtrail()
    _rename_users()
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)
