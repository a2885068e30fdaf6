# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The action ``alert-signin`` of accounts, IAM users and roles.

Registered in :mod:`c7n_mfa.entry`.
"""

import hashlib
import itertools
import json
from datetime import UTC, datetime

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from c7n.actions import EventAction
from c7n.exceptions import PolicyExecutionError
from c7n.utils import generate_arn, local_session, type_schema

from c7n_mfa.element import Deployable, own_log_group
from c7n_mfa.entry import ELEMENTS
from c7n_mfa.signin.element import UNDESCRIBED
from c7n_mfa.signin.record import EVENT_ID, SignIn
from c7n_mfa.signin.second_look import Look

# What sending takes is imported where it is done: a function starts cold for each sign-in, and most
# of those are not reported.

ANNOTATION = "c7n:signin-alert"
# Of the actions that come before.
DOSSIER = "c7n:signin-dossier"
RECEIPTS = "c7n:containment"

_CONTAINING = {element.name for element in ELEMENTS if element.contains}
_FIRST = {element.name for element in ELEMENTS if element.before_alert}
# Three tries of these, and the pauses between them, take less than a claim is good for.
_NO_LEDGER = "there is no ledger outside Lambda"
_PUBLISH = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3})


class AlertNotSent(PolicyExecutionError):
    """A sign-in of which nobody has been notified; raised so that Lambda tries again."""


class NotContained(PolicyExecutionError):
    """A containment that may work when it is tried again; raised so that Lambda does."""


class AlertSignin(Deployable, EventAction):
    """Sends a message about a console sign-in to an SNS topic, once for each event.

    The message says who signed in, when, from where and how, why that is reported, what the
    investigation found, what was done to the user and how to undo it, what to do next, and what was
    not checked. Put the action last: it reports what was done before it.

    `topic` is an ARN, or the name of a topic in the Region and account of the policy. FIFO topics
    are refused.

    With `format: json`, the default, people get text by mail, and queues, functions and web hooks
    get JSON: its keys are in `docs/alerts.md`. SNS then sends no message attributes, so that a
    subscription filters by the body: by `severity`, `identity`, `account` or `complete`,
    with `FilterPolicyScope: MessageBody`. With `format: text` everybody gets the text, and these
    four are message attributes. Where a subscription filters by what the format does not have,
    `custodian run` refuses to create the function. `complete` is `no` where what decides over the
    severity was not wholly seen, which is `high` or above then.

    Sign-ins of one identity within an hour are counted: the second one says that it is the second,
    and shortly what the first one said, unless it is worse.

    However often and at once an event is delivered, one message is sent. What has been sent is
    recorded in a log group, `ledger`: by default that of the function, in which each reported event
    leaves three empty log streams. Outside Lambda there is none unless it is named, and each run
    sends a message. The name of the policy, that of the log group and the role belong together: the
    function of a policy NAME logs to `/aws/lambda/custodian-NAME`, and its role has to be granted
    that log group. Whoever renames a policy renames it in the role too; otherwise each delivery
    sends a message, which says why.

    When the topic does not exist or refuses the message, everything else is done first and the
    action then fails, so that Lambda tries again and the dead-letter queue gets the event in the
    end. It fails too, after the message, when containment failed for a reason that passes, such as
    throttling. When a later try contains the user, that is reported as well.

    Where nothing was investigated, the subject names no severity; the attribute `severity` is
    then `high`, so that a filter policy lets the message through.

    When it creates the function, `custodian run` checks the topic and the dead-letter queue of
    `mode`: it refuses what does not exist, and warns of a topic without a confirmed subscription.

    The annotation `c7n:signin-alert` is flat: `severity`, `subject`, `topic`, `result`
    (`notified`, `already`), `message_id`, `note`.

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-of-root-reported
            resource: account
            mode:
              type: cloudtrail
              role: arn:aws:iam::{account_id}:role/c7n-mfa-respond
              packages: [c7n_mfa]
              handler: c7n_mfa.handler.run
              events:
                - event: ConsoleLogin
                  source: signin.amazonaws.com
                  ids: eventName
              pattern:
                source: [aws.signin]
            filters:
              - type: signin
                identity: [root]
            actions:
              - type: alert-signin
                topic: on-call
    """

    schema = type_schema(
        "alert-signin",
        required=["topic"],
        topic={"type": "string", "minLength": 1},
        ledger={"type": "string", "pattern": r"^[\w./#-]{1,512}$"},
        format={"enum": ["json", "text"]},
    )
    annotation_key = ANNOTATION
    permissions = (
        "iam:ListAccountAliases",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "sns:Publish",
    )

    def check_preflight(self):
        from c7n_mfa.alerting.preflight import check

        # The schema asks for a topic only where the action has options at all.
        if "topic" not in self.data:
            self.refuse("needs a topic")
        after = itertools.dropwhile(lambda action: action is not self, self.manager.actions)
        late = [action.type for action in after if action.type in _FIRST]
        if late:
            self.refuse(f"comes before {late[0]} and cannot report it; put alert-signin last")
        check(self)

    def process(self, resources, event=None):
        record = event.get("detail") if isinstance(event, dict) else None
        sign_in = SignIn.from_record(record)
        if sign_in is None:
            why = "its event is no console sign-in" if event else "it runs without an event"
            self.log.warning("policy:%s alert-signin sends nothing: %s", self.policy_name, why)
            return []
        # Each look is reported once, like the event.
        look = Look.of(event)
        event_id = identifier(record) + (f"-look-{look.number}" if look else "")
        return [self._report(sign_in, event_id, look, each) for each in resources[:1]]

    def _report(self, sign_in, event_id, look, resource):
        """Report the event; it has one account, one user or one role."""
        from c7n_mfa.alerting import ledger
        from c7n_mfa.aws.read import Reader

        receipts = resource.get(RECEIPTS, ())
        # A later look never contains, and so fails at nothing.
        contains = self._contains and look is None
        outcome = ledger.outcome_of(receipts, contains)
        reader = Reader(local_session(self.manager.session_factory))
        # A later look is at the same sign-in.
        recent = None if look else self._recent(reader, sign_in, event_id, resource)
        name, before = self._account_name(reader, sign_in, resource), recent and recent.read()

        def compose(unrecorded=None):
            return self._compose(sign_in, resource, contains, unrecorded, name, before)

        sent = self._deliver(reader, event_id, outcome, compose)
        if recent and sent.result == "notified":
            recent.add()
        resource[self.annotation_key] = self._annotation(compose(), sent)
        self._log(event_id, sent)
        errors = ledger.passing(receipts)
        if errors:
            raise NotContained(
                f"policy:{self.policy_name} event:{event_id} is reported, but containment failed "
                f"for a reason that may pass, and is to be tried again: {errors[0]}"
            )
        return resource[self.annotation_key]

    def _recent(self, reader, sign_in, event_id, resource):
        """Where the earlier sign-ins of the identity are recorded; None where nothing is."""
        from c7n_mfa.alerting.conversation import Entry, RecentSignIns
        from c7n_mfa.alerting.message import severity_of
        from c7n_mfa.aws.times import parse_time

        at = parse_time(sign_in.event_time)
        if at is None or self._group is None:
            return None
        severity = severity_of(sign_in, resource.get(DOSSIER), resource.get(RECEIPTS, ()))
        own = Entry(at, severity, event_id)
        return RecentSignIns.of(reader, self._region, self._group, self.policy_name, sign_in, own)

    def _account_name(self, reader, sign_in, resource):
        """The alias of the account, where it has one and it may be read: nice to have."""
        from c7n_mfa.aws.read import ReadFailure

        account = self.manager.config.account_id
        if not account or sign_in.identity.account != account:
            return None
        if resource.get("account_id") == account and resource.get("account_name"):
            return resource["account_name"]
        aliases = reader.one(
            "iam", "", "list_account_aliases", account, lambda answer: answer["AccountAliases"]
        )
        return next(iter(aliases or ()), None) if not isinstance(aliases, ReadFailure) else None

    def _compose(self, sign_in, resource, contains, unrecorded, account_name, before):
        from c7n_mfa.alerting.message import alert
        from c7n_mfa.alerting.values import Conversation, Sender

        sender = Sender(
            policy=self.policy_name,
            region=self._region,
            contains=contains,
            undescribed=resource.get(UNDESCRIBED),
            unrecorded=unrecorded,
        )
        receipts = resource.get(RECEIPTS, ())
        return alert(
            sign_in,
            resource.get(DOSSIER),
            receipts,
            sender,
            datetime.now(UTC),
            account_name,
            before or Conversation(),
        )

    def _annotation(self, message, sent):
        return {
            "severity": message.severity,
            "subject": message.subject,
            "topic": self.topic_arn,
            "result": sent.result,
            "message_id": sent.message_id,
            "note": sent.note,
        }

    def _deliver(self, reader, event_id, outcome, compose):
        from c7n_mfa.alerting import ledger

        def publish(unrecorded=None):
            return self._publish(compose(unrecorded))

        try:
            group = self._group
            if group is None:
                return ledger.Notification("notified", publish(), _NO_LEDGER)
            key = ledger.key_for(self.policy_name, event_id)
            entries = ledger.Ledger(reader, self._region, group, key, outcome=outcome)
            return entries.notify_once(publish)
        except ledger.NotSent as error:
            raise AlertNotSent(
                f"policy:{self.policy_name} event:{event_id} nobody is notified: {error}"
            ) from error

    def _publish(self, message):
        from botocore.parsers import ResponseParserError

        from c7n_mfa.alerting.ledger import NotSent
        from c7n_mfa.alerting.payload import publication

        session = local_session(self.manager.session_factory)
        client = session.client("sns", region_name=self._topic_region, config=_PUBLISH)
        published = publication(message, self.format)
        try:
            answer = client.publish(TopicArn=self.topic_arn, **published)
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            # The last is no BotoCoreError: an answer that is not even XML.
            raise NotSent(f"sns:Publish on {self.topic_arn} failed: {error}") from error
        return answer["MessageId"]

    def _log(self, event_id, sent):
        level = self.log.warning if sent.note else self.log.info
        level(
            "policy:%s event:%s alert:%s message:%s %s",
            self.policy_name,
            event_id,
            sent.result,
            sent.message_id,
            sent.note or "",
        )

    @property
    def _region(self):
        return self.manager.config.region or "us-east-1"

    @property
    def _contains(self):
        return any(action.type in _CONTAINING for action in self.manager.actions)

    @property
    def format(self):
        return self.data.get("format", "json")

    @property
    def topic_arn(self):
        topic = self.data["topic"]
        if ":" in topic:
            return topic
        return generate_arn(
            "sns", topic, region=self._region, account_id=self.manager.config.account_id
        )

    @property
    def _topic_region(self):
        return self.topic_arn.split(":")[3]

    @property
    def _group(self):
        return self.data.get("ledger") or own_log_group()


def identifier(record):
    """The id of the event; of one without AWS's, a digest of the whole record."""
    event_id = record.get("eventID")
    if isinstance(event_id, str) and EVENT_ID.fullmatch(event_id):
        return event_id.lower()
    text = json.dumps(record, sort_keys=True)
    return f"sha256-{hashlib.sha256(text.encode()).hexdigest()}"
