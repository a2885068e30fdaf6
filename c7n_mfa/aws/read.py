# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Reading AWS: a call whose failure is a value.

botocore's own errors become values, and so does an answer that lacks what the API promises; a
mistake of ours still flies, also one that is made while an answer is shaped.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, PaginationError
from botocore.parsers import ResponseParserError

from c7n_mfa.aws.response import MalformedAnswer, checked
from c7n_mfa.frozen import frozen

Shape = Callable[[Any], Any]

_NOT_FOUND = (
    "ResourceNotFoundException",
    "NotFound",
    "NotFoundException",
    "TrailNotFoundException",
    "NoSuchEntity",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
)
# How an endpoint says that it does not have an operation at all.
_NO_OPERATION = ("InvalidAction", "UnknownOperation", "UnknownOperationException")
NO_SUCH_OPERATION = "NoSuchOperation"
# How the name of the token for the next page ends, in the answer and as a parameter; where the
# parameter is called otherwise, botocore refuses it, and nothing is lost in silence.
_TOKENS = ("token", "marker")
MALFORMED = "MalformedAnswer"
# Where the prefix of the IAM actions is not the name that requests are signed with.
_PREFIXES = {"monitoring": "cloudwatch"}
READ_SECONDS = 10
# botocore waits a minute for a service that never answers.  How often it tries stays with the
# session: the user's to say in a pipeline (AWS_MAX_ATTEMPTS), twice where a sign-in waits.
_TIMEOUTS = Config(connect_timeout=5, read_timeout=READ_SECONDS)
# An emulator that answers 5xx does so again, for thirteen seconds of botocore's waiting.
_EMULATED = _TIMEOUTS.merge(Config(retries={"mode": "standard", "total_max_attempts": 2}))
_AWS_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".aws")
# An account takes so many calls at once without throttling, most of the time.
_AT_ONCE = 8


@frozen
class ReadFailure:
    """A call that failed: the permission it takes, what it was aimed at and what AWS answered."""

    permission: str
    target: str
    code: str
    message: str
    cause: BaseException | None = field(default=None, compare=False, repr=False)

    @property
    def gone(self) -> bool:
        """AWS says that the thing does not exist."""
        return self.code in _NOT_FOUND

    @property
    def denied(self) -> bool:
        # "AuthorizationError" is how SNS says it, "...Exception" how the JSON services do.
        return self.code.removesuffix("Exception") in (
            "AccessDenied",
            "AuthorizationError",
            "UnauthorizedOperation",
        )

    def sentence(self) -> str:
        if self.denied:
            return f"access denied: grant {self.permission} on {self.target}"
        return f"{self.permission} on {self.target} failed with {self.code}: {self.message}"


def together(*reads: Callable[[], Any]) -> list[Any]:
    """What each of the reads answers, in their order, read side by side."""
    if len(reads) < 2:
        return [read() for read in reads]
    *others, last = reads
    with ThreadPoolExecutor(min(len(others), 2 * _AT_ONCE)) as pool:
        under_way = [pool.submit(read) for read in others]
        answer = last()
        return [*(each.result() for each in under_way), answer]


class Turns:
    """Lets so many calls be under way at once, and fewer from then on where AWS is pressed."""

    def __init__(self, most: int = _AT_ONCE) -> None:
        self.most = most
        self._under_way = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self.most)
            self._under_way += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._under_way -= 1
            self._changed.notify()

    def narrow(self) -> None:
        self.most = max(1, self.most // 2)


@dataclass
class Reader:
    """Reads through one boto3 session, one client for each service and Region.

    May be used by several threads.
    """

    session: Any
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.Lock)
    turns: Turns = field(default_factory=Turns)

    def client(self, service: str, region: str) -> Any:
        """The client; boto3 sessions must not make two at once."""
        key = (service, region)
        if key not in self.clients:
            with self.lock:
                if key not in self.clients:
                    self.clients[key] = self.session.client(
                        service, region_name=region or None, config=self.config(service)
                    )
        return self.clients[key]

    def config(self, service: str) -> Config:
        """How patient a client is."""
        return _EMULATED if _is_emulated(os.environ) else _TIMEOUTS

    def one(
        self, service: str, region: str, operation: str, target: str, shape: Shape, **params: Any
    ) -> Any:
        """``shape`` of one answer; ``None`` when AWS says that the thing does not exist."""
        answer = self.ask(service, region, operation, target, shape, **params)
        return None if isinstance(answer, ReadFailure) and answer.gone else answer

    def ask(
        self, service: str, region: str, operation: str, target: str, shape: Shape, **params: Any
    ) -> Any:
        """``shape`` of one answer; that the thing does not exist is a failure like any other."""
        where = (service, region, operation)
        return self._try(*where, target, lambda: shape(self._called(*where, params)))

    def every(
        self,
        service: str,
        region: str,
        operation: str,
        key: str,
        target: str,
        shape: Shape,
        *,
        first_page: bool = False,
        **params: Any,
    ) -> Any:
        """``shape`` of each item under ``key``, as a tuple; ``None`` as in `one`.

        Of all pages, or with ``first_page`` of the first one that has any.
        """

        def read() -> tuple[Any, ...]:
            pages = self._pages(service, region, operation, key, params)
            items = next(filter(None, pages), ()) if first_page else chain.from_iterable(pages)
            return tuple(map(shape, items))

        answer = self._try(service, region, operation, target, read)
        return None if isinstance(answer, ReadFailure) and answer.gone else answer

    def permission(self, service: str, region: str, operation: str) -> str:
        """The IAM permission of an operation."""
        try:
            return _permission(self.client(service, region).meta.service_model, operation)
        except BotoCoreError:
            # Where there is no Region there is no client, and the model of the API all the same.
            models = botocore.session.get_session()
            return _permission(models.get_service_model(service), operation)

    def _called(self, service: str, region: str, operation: str, params: Mapping[str, Any]) -> Any:
        with _refusals():
            client = self.client(service, region)
            answer = self._in_turn(getattr(client, operation), params)
        return checked(answer, client, operation)

    def _in_turn(self, call: Callable[..., Any], params: Mapping[str, Any]) -> Any:
        try:
            with self.turns:
                answer = call(**params)
        except ClientError as error:
            if _is_pressed(error.response):
                self.turns.narrow()
            raise
        if _is_pressed(answer):
            self.turns.narrow()
        return answer

    def _pages(
        self, service: str, region: str, operation: str, key: str, params: Mapping[str, Any]
    ) -> Iterator[Any]:
        """The items of each page.

        Without botocore's paginators: the first that a session makes looks through the folders of
        all services, which takes longer than the call.
        """
        token: Mapping[str, Any] = {}
        while True:
            page = self._called(service, region, operation, {**params, **token})
            yield page.get(key) or ()
            following = _token(page)
            if not following:
                return
            if following == token:
                with _refusals():
                    raise PaginationError(message=f"the token {following} was given twice")
            token = following

    def _try(
        self, service: str, region: str, operation: str, target: str, read: Callable[[], Any]
    ) -> Any:
        """Calls within ``read`` are refused in its own `_refusals`; what is around them flies."""
        try:
            return read()
        except _Refused as refused:
            code, message, cause = refused.code, refused.message, refused.__cause__
        except MalformedAnswer as error:
            code, message, cause = MALFORMED, str(error), error
        needed = self.permission(service, region, operation)
        return ReadFailure(needed, target, code, message, cause)


def _is_emulated(environment: Mapping[str, str]) -> bool:
    """Does a variable send calls to a host that is not AWS's, and none say how often to try?"""
    if environment.keys() & {"AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"}:
        return False
    urls = [url for name, url in environment.items() if name.startswith("AWS_ENDPOINT_URL")]
    hosts = [urlsplit(url).hostname or "" for url in urls]
    return any(host and not host.endswith(_AWS_HOSTS) for host in hosts)


def _is_pressed(answer: Any) -> bool:
    """Did AWS ask for fewer calls, or not take this one the first time?"""
    if not isinstance(answer, Mapping):
        return False
    code = answer.get("Error", {}).get("Code", "")
    retries = answer.get("ResponseMetadata", {}).get("RetryAttempts", 0)
    return bool(retries) or "Throttl" in code or "TooManyRequests" in code


def _token(page: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameter that asks for the page after this one; empty after the last."""
    if page.get("IsTruncated") is False:
        return {}
    names = (name for name in page if name.lower().endswith(_TOKENS))
    return next(({name: page[name]} for name in names if page[name]), {})


@dataclass
class _Refused(Exception):
    """What boto3 raised, in one form."""

    code: str
    message: str


@contextmanager
def _refusals() -> Iterator[None]:
    """Around calls of boto3, and nothing else."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        code = NO_SUCH_OPERATION if code in _NO_OPERATION else code
        raise _Refused(code, error.response["Error"].get("Message", "")) from error
    except NotImplementedError as error:
        # A fake inside the process says it so; a client of boto3 never does.
        raise _Refused(NO_SUCH_OPERATION, str(error)) from error
    except BotoCoreError as error:
        raise _Refused(type(error).__name__, str(error)) from error
    except ResponseParserError as error:
        # An answer that is not even XML or JSON.  Not a BotoCoreError, whatever its name says.
        raise _Refused(MALFORMED, str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # An answer of another form than botocore can parse; or a boto3 that is too old to know the
        # operation.
        raise _Refused(MALFORMED, f"{type(error).__name__}: {error}") from error


def _permission(model: Any, operation: str) -> str:
    """The IAM permission of an operation, as botocore's model of the service names it.

    >>> _permission(botocore.session.get_session().get_service_model("iam"), "list_mfa_devices")
    'iam:ListMFADevices'
    """
    names = {xform_name(name): name for name in model.operation_names}
    prefix = _PREFIXES.get(model.signing_name, model.signing_name)
    return f"{prefix}:{names.get(operation, operation)}"
