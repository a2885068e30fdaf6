# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What `alert-signin` checks before its function is created: its topic and its dead-letter queue.

In the function it is too late for that; what is missing is better known now than at three in the
morning.
"""

import re

from c7n.utils import local_session

from c7n_mfa.aws.arn import REGION
from c7n_mfa.signin.preflight import forgeable

# custodian's variables, as `custodian validate` sees them: not yet filled in.  A policy may have
# others, from --vars-file or of its own.
_VARIABLES = {"{partition}": "aws", "{region}": "us-east-1", "{account_id}": "123456789012"}
_PLACE = rf"{REGION}:\d{{12}}"
_TOPIC_ARN = re.compile(rf"arn:aws[\w-]*:sns:{_PLACE}:[\w-]{{1,256}}", re.ASCII)
_TOPIC_NAME = re.compile(r"[\w-]{1,256}", re.ASCII)
_QUEUE_ARN = re.compile(rf"arn:aws[\w-]*:sqs:{_PLACE}:[\w-]{{1,80}}", re.ASCII)
# AWS's own keys take whoever may use the topic or the queue, in its account.
_OWN_KEYS = re.compile(r"(arn:[^:]*:kms:[^:]*:\d*:)?alias/aws/(sns|sqs)")
_DEAD_LETTERS = "mode: dead_letter_config: TargetArn:"


def check(action):
    """Refuse what cannot work, or anybody could start, and warn of what would notify nobody."""
    why = forgeable(action.manager.data.get("mode", {}))
    if why:
        action.refuse(why)
    topic, queue = action.data["topic"], _dead_letters(action)
    for name, text, problem_of in (
        ("topic:", topic, topic_problem),
        (_DEAD_LETTERS, queue, dead_letters_problem),
    ):
        problem = None if text is None else left_over(text, action.is_run()) or problem_of(text)
        if problem:
            action.refuse(f"{name} {text} {problem}")
    if action.is_being_deployed():
        _Deployment(action).check(queue)


def topic_problem(topic):
    """Why this is no topic that notifies a person, and the fix; None for one that does.

    >>> topic_problem("on-call.fifo")
    'is a FIFO topic, which no person can be subscribed to; name a standard topic'
    """
    text = _filled_in(topic)
    if "{" in text:
        return None
    if text.endswith(".fifo"):
        return "is a FIFO topic, which no person can be subscribed to; name a standard topic"
    if "@" in text:
        return "is an address; subscribe it to a topic, and name the topic"
    if ":" not in text:
        return None if _TOPIC_NAME.fullmatch(text) else _NO_NAME
    return None if _TOPIC_ARN.fullmatch(text) else _no_topic_arn(text)


def dead_letters_problem(target):
    """Why Lambda could not send a failed event to it, and the fix; None where it could."""
    text = _filled_in(target)
    good = "{" in text or _QUEUE_ARN.fullmatch(text) or _TOPIC_ARN.fullmatch(text)
    return None if good else _NO_TARGET


def filter_problem(form, scope, protocol):
    """Why a filter policy would keep every message away, and the fix; None where it may match.

    >>> filter_problem("json", "MessageBody", "sqs")
    """
    # Not above: a function, which checks nothing, starts cold.
    from c7n_mfa.alerting.payload import JSON_PROTOCOLS

    if form == "text":
        return _TEXT_HAS_NO_KEYS if scope == "MessageBody" else None
    if protocol not in JSON_PROTOCOLS:
        return _MAIL_IS_TEXT
    return None if scope == "MessageBody" else _NO_ATTRIBUTES


# https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
_NO_ATTRIBUTES = (
    "filters by message attributes, and SNS sends none with format: json, so that it would get no "
    "message; set its FilterPolicyScope to MessageBody, or set format: text"
)
_MAIL_IS_TEXT = (
    "has a filter policy, and with format: json it would get no message, since SNS sends no "
    "message attributes and its text has no keys; set format: text"
)
_TEXT_HAS_NO_KEYS = (
    "filters by the body, and with format: text it would get no message, since a text has no keys; "
    "set its FilterPolicyScope to MessageAttributes, or set format: json"
)
_NO_NAME = (
    "is not the name of a topic; a name has letters, digits, - and _, and no more than 256 of them"
)
_NO_TARGET = (
    "is not the ARN of a standard queue or topic; write "
    "arn:{partition}:sqs:{region}:{account_id}:NAME"
)


def left_over(text, is_run):
    """What is wrong with a variable that has no value; known once the policy is run."""
    left = re.search(r"\{[^}]*\}?|\}", _filled_in(text)) if is_run else None
    return left and f"has {left[0]}, which has no value; put a value in its place"


def _filled_in(text):
    """The text with custodian's own variables filled in."""
    for variable, value in _VARIABLES.items():
        text = text.replace(variable, value)
    return text


def _no_topic_arn(text):
    parts = text.split(":")
    if parts[0] == "arn" and parts[2:3] != ["sns"]:
        return f"is an ARN of {parts[2] if parts[2:] else 'nothing'}, not of sns; name a topic"
    if len(parts) > 6:
        return "is the ARN of a subscription; leave out what follows the name of the topic"
    return "is not the ARN of a topic; write arn:{partition}:sns:{region}:{account_id}:NAME"


def _dead_letters(action):
    # custodian's schema says of it only that it is an object.
    config = action.manager.data.get("mode", {}).get("dead_letter_config") or {}
    target = config.get("TargetArn")
    return None if target is None else str(target)


class _Deployment:
    """Reads the topic and the queue, as whoever deploys."""

    def __init__(self, action):
        from c7n_mfa.aws.read import Reader

        self.action = action
        self.reader = Reader(local_session(action.manager.session_factory))

    def check(self, queue):
        self._check_topic(self.action.topic_arn)
        if queue and queue.split(":")[2] == "sqs":
            self._check_queue(queue)

    def _check_topic(self, arn):
        topic = self._read("sns", "get_topic_attributes", "Attributes", arn, TopicArn=arn)
        if topic is None:
            self.action.refuse(f"topic: {arn} does not exist; create it and subscribe to it first")
        if self._failed(topic, f"topic: {arn}"):
            return
        self._check_filters(arn)
        # Other accounts do not get the number.
        if topic.get("SubscriptionsConfirmed") == "0":
            self._warn(f"topic: {arn} has no confirmed subscription; nobody would be notified")
        self._check_key(topic, f"topic: {arn}")

    def _check_filters(self, arn):
        """Refuse a subscription that filters by what this format does not have."""
        from c7n_mfa.aws.read import ReadFailure

        region, what = arn.split(":")[3], f"the subscriptions of {arn}"
        listed = self.reader.every(
            "sns", region, "list_subscriptions_by_topic", "Subscriptions", arn,
            lambda item: (item["SubscriptionArn"], item["Protocol"]), TopicArn=arn,
        )  # fmt: skip
        if listed is None or isinstance(listed, ReadFailure):
            self._failed(listed, what)
            return
        for subscription, protocol in listed:
            # The others wait for their confirmation, or are deleted.
            if subscription.startswith("arn:"):
                self._check_filter(subscription, protocol)

    def _check_filter(self, arn, protocol):
        read = self._read("sns", "get_subscription_attributes", "Attributes", arn, {},
                          SubscriptionArn=arn)  # fmt: skip
        if read is None or self._failed(read, f"the filter policy of {arn}"):
            return
        if not read.get("FilterPolicy"):
            return
        scope = read.get("FilterPolicyScope") or "MessageAttributes"
        problem = filter_problem(self.action.format, scope, protocol)
        if problem:
            self.action.refuse(f"topic: its {protocol} subscription {arn} {problem}")

    def _check_queue(self, arn):
        account, name = arn.split(":")[4:6]
        owner = {"QueueName": name, "QueueOwnerAWSAccountId": account}
        url = self._read("sqs", "get_queue_url", "QueueUrl", arn, **owner)
        # Of another account's queue SQS says the same when it may not be used.
        if url is None and account == self.action.manager.config.account_id:
            self.action.refuse(f"{_DEAD_LETTERS} {arn} does not exist; create the queue first")
        if self._failed(url, f"{_DEAD_LETTERS} {arn}"):
            return
        params = {"QueueUrl": url, "AttributeNames": ["KmsMasterKeyId"]}
        queue = self._read("sqs", "get_queue_attributes", "Attributes", arn, {}, **params)
        if not self._failed(queue, f"{_DEAD_LETTERS} {arn}"):
            self._check_key(queue, f"{_DEAD_LETTERS} {arn}")

    def _read(self, service, operation, key, arn, absent=None, **params):
        def shape(answer):
            return answer[key] if absent is None else answer.get(key, absent)

        return self.reader.one(service, arn.split(":")[3], operation, arn, shape, **params)

    def _failed(self, answer, what):
        from c7n_mfa.aws.read import ReadFailure

        if answer is not None and not isinstance(answer, ReadFailure):
            return False
        why = answer.sentence() if answer else "it is not shown"
        self._warn(f"{what} could not be read: {why}")
        return True

    def _check_key(self, attributes, what):
        key = attributes.get("KmsMasterKeyId")
        if key and not _OWN_KEYS.fullmatch(key):
            self._warn(
                f"{what} is encrypted with {key}: the function's role needs kms:GenerateDataKey* "
                "and kms:Decrypt on that key (docs/permissions.md)"
            )

    def _warn(self, what):
        action = self.action
        action.log.warning("policy:%s %s %s", action.policy_name, action.type, what)
