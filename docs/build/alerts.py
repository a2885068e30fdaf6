# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/alerts.md: what machines get of an alert, and how to hand it on."""

from __future__ import annotations

import json
from collections.abc import Mapping

from docs.build import text
from docs.build.messages import messages

KEYS: Mapping[str, str] = {
    "schema": "`c7n-mfa/alert/1`; another number where a key is taken away or means something else",
    "severity": "`low`, `medium`, `high`, `critical`; `high` where nothing was investigated",
    "identity": "`root`, `iam-user`, `assumed-role`, `federated-user`, `unknown`",
    "account": "the number of the account, or `unknown`",
    "complete": (
        "`yes` or `no`: whether all was seen that decides over the severity, which is `high` or "
        "above where not"
    ),
    "account_name": "its alias; null where it has none, or `iam:ListAccountAliases` is denied",
    "policy": "the policy that sends it",
    "region": "where the function runs",
    "subject": "the subject of the mail: ASCII, fewer than 100 characters",
    "title": "who did what, and whether the user is contained",
    "text": "the whole mail",
    "containment": (
        "`contained`, `partly-contained`, `not-contained`, `left-alone`; null where the policy "
        "contains nobody"
    ),
    "investigated": "whether there was an investigation",
    "look": "1; 2 or more where the function looks again at the same sign-in",
    "new": "what a later look has found that was not told before",
    "conversation": (
        "`count`: 2 for the second sign-in of this identity that this policy reports within an "
        "hour, and so on; `since`: the time of the first, null when it is this one"
    ),
    "links": "`user`, `event`: into the AWS console; null where there is none",
    "sign_in": "the annotation `c7n:signin`: who, where from, how, with the event's id and time",
    "next": "what to do next, in order; a command stands on a line of its own",
    "receipts": (
        "what was done to the user: `action`, `result`, `resource`, `why`, `error`, `at`; "
        "`undo`, each `command` with its `effect`, what works again; `by_hand`, the commands left "
        "for a person where `max-contained` is reached"
    ),
    "reasons": "why it is so severe: `code`, `level`, `sentence`",
    "found": "what the investigation found, a line for each step",
    "not_checked": "what was not: `what`, `why`, `permission`, `regions`",
    "ocsf": (
        "the same as a [Detection Finding](https://schema.ocsf.io/1.1.0/classes/detection_finding) "
        "of OCSF 1.1.0, class 2004, with the profile `cloud`"
    ),
    "cut": "only where the message would exceed what SNS takes: the keys that are null for that",
}

_INTRODUCTION = """\
`alert-signin` publishes one message, with `MessageStructure: json`.
People get [text](messages.md): by mail, and in one line by SMS.
Queues (`sqs`), functions (`lambda`), web hooks (`http`, `https`) and `firehose` get JSON.
With `format: text`, everybody gets the text."""
_VALUES = """\
`subject`, `title`, `text`, `next` and `found` are words of ours: what others wrote is quoted in \
them, and cannot become a link.
All other values are those of the event, but for invisible characters, and cut after 500 \
characters: show them as text only."""
_FILTERS = """\
SNS [sends no message attributes](https://docs.aws.amazon.com/sns/latest/dg/\
sns-message-attributes.html) with `MessageStructure: json`, so a subscription that filters by \
attributes would get nothing, and nobody would notice.
`custodian run` reads the filter policies of the topic before it creates the function, and refuses \
such a one; a filter that is set later is not seen.

- Queues, functions and web hooks filter by the body: `FilterPolicyScope: MessageBody`, and a \
policy such as `{"severity": ["high", "critical"]}`, on `severity`, `identity`, `account` or \
`complete`.
- Mail has no keys to filter by.
  Where people filter, set `format: text`, and the four are message attributes, as before."""
_CONVERSATION = """\
Sign-ins of one identity that this policy reports within an hour of each other are counted.
Each is reported: the second one says in its subject that it is the second, and leaves out what \
was found, unless it is more severe than those before.
Where the ledger cannot be read, each is the first."""
_SECURITY_HUB = """\
Custodian's own `post-finding` imports a finding in the AWS Security Finding Format (ASFF); the \
annotations `c7n:signin` and `c7n:signin-alert` are in its details.
On `aws.iam-user`, Security Hub has one finding for each user, which the next sign-in updates; \
custodian remembers it in a tag of the user, which takes `iam:TagUser`.
On `aws.account` it has one for all.
Security Hub has to accept findings of Cloud Custodian: \
`aws securityhub enable-import-findings-for-product`."""
_NOTIFY = """\
Custodian's own `notify` hands the resource and the event to \
[c7n-mailer](https://cloudcustodian.io/docs/tools/c7n-mailer.html), which renders one of its \
templates and sends mail, or a message to Slack, Splunk and others.
Its own templates name the account and the policy, and not who signed in; a template of yours \
finds the whole event in `event`, and `c7n:signin` in each of `resources`.
It does not know what has been sent before, so that an event that is delivered twice is sent \
twice, and what others wrote is rendered as it is."""
SECURITY_HUB = """\
policies:
  - name: signin-as-finding
    resource: aws.iam-user
    mode:
      type: cloudtrail
      role: arn:aws:iam::{account_id}:role/c7n-mfa-respond
      packages: [c7n_mfa]
      handler: c7n_mfa.handler.run
      pattern:
        source: [aws.signin]
      events:
        - event: ConsoleLogin
          source: signin.amazonaws.com
          ids: userIdentity.userName
    filters:
      - type: signin
    actions:
      - type: post-finding
        title: signin-single-factor
        description: An IAM user signed in to the console without MFA.
        types: [TTPs/Initial Access/Valid Accounts]
        severity_label: HIGH
        recommendation: Ask the user whether this was them, by a way outside AWS.
"""
NOTIFY = """\
policies:
  - name: signin-by-mailer
    resource: aws.account
    description: A console sign-in without MFA.
    mode:
      type: cloudtrail
      role: arn:aws:iam::{account_id}:role/c7n-mfa-respond
      packages: [c7n_mfa]
      handler: c7n_mfa.handler.run
      pattern:
        source: [aws.signin]
      events:
        - event: ConsoleLogin
          source: signin.amazonaws.com
          ids: eventName
    filters:
      - type: signin
    actions:
      - type: notify
        subject: 'Console sign-in without MFA in {{ account_id }}: {{ event.detail.eventID }}'
        violation_desc: Somebody signed in to the console without MFA.
        action_desc: Ask them whether this was them, by a way outside AWS.
        to: [security@example.com]
        transport:
          type: sqs
          queue: https://sqs.us-east-1.amazonaws.com/123456789012/c7n-mailer
"""


def page() -> str:
    example = {**messages()["A contained user"].payload, "text": "…"}
    rows = [(f"`{key}`", meaning) for key, meaning in KEYS.items()]
    return text.page(
        "Alerts for machines",
        [
            _INTRODUCTION,
            "## Keys",
            text.table(("Key", "Value"), rows),
            _VALUES,
            "The message about [a contained user](messages.md#a-contained-user), without its text:",
            text.code(json.dumps(example, indent=2, ensure_ascii=False), "json"),
            "## Filter policies",
            _FILTERS,
            "## Repeated sign-ins",
            _CONVERSATION,
            "## Security Hub",
            _SECURITY_HUB,
            text.code(SECURITY_HUB, "yaml"),
            "## notify",
            _NOTIFY,
            text.code(NOTIFY, "yaml"),
        ],
    )
