# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""One look at AWS: a call whose failure is a value.

Only botocore's own errors are turned into values; a mistake of ours still flies.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, PaginationError
from botocore.parsers import ResponseParserError

Shape = Callable[[Any], Any]

_NOT_FOUND = (
    "ResourceNotFoundException",
    "NotFound",
    "NotFoundException",
    "TrailNotFoundException",
    "NoSuchEntity",
)
# How an endpoint says that it does not have an operation at all.
_NO_OPERATION = ("InvalidAction", "UnknownOperation", "UnknownOperationException")
NO_SUCH_OPERATION = "NoSuchOperation"
# How the name of the token for the next page ends, in the answer and as a parameter; where the
# parameter is called otherwise, botocore refuses it, and nothing is lost in silence.
_TOKENS = ("token", "marker")
READ_SECONDS = 10
# botocore waits a minute for a service that never answers.  How often it tries stays with the
# session: the user's to say in a pipeline (AWS_MAX_ATTEMPTS), twice where a sign-in waits.
_TIMEOUTS = Config(connect_timeout=5, read_timeout=READ_SECONDS)


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """A look that failed: the permission it takes, what it was aimed at and what AWS answered."""

    permission: str
    target: str
    code: str
    message: str

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


@dataclass
class Reader:
    """Reads through one boto3 session, one client for each service and Region."""

    session: Any
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.Lock)

    def client(self, service: str, region: str) -> Any:
        """The client; boto3 sessions must not make two at once."""
        with self.lock:
            key = (service, region)
            if key not in self.clients:
                self.clients[key] = self.session.client(
                    service, region_name=region or None, config=_TIMEOUTS
                )
            return self.clients[key]

    def one(
        self, service: str, region: str, operation: str, target: str, shape: Shape, **params: Any
    ) -> Any:
        """``shape`` of one answer; ``None`` when AWS says that the thing does not exist."""
        return self._try(
            permission(service, operation),
            target,
            lambda: shape(getattr(self.client(service, region), operation)(**params)),
        )

    def every(
        self,
        service: str,
        region: str,
        operation: str,
        key: str,
        target: str,
        shape: Shape,
        **params: Any,
    ) -> Any:
        """``shape`` of each item under ``key`` on all pages, as a tuple."""
        return self._try(
            permission(service, operation),
            target,
            lambda: tuple(
                map(
                    shape, chain.from_iterable(self._pages(service, region, operation, key, params))
                )
            ),
        )

    def first_page(
        self,
        service: str,
        region: str,
        operation: str,
        key: str,
        target: str,
        shape: Shape,
        **params: Any,
    ) -> Any:
        """``shape`` of each item on the first page that has any, as a tuple."""
        return self._try(
            permission(service, operation),
            target,
            lambda: tuple(
                map(
                    shape,
                    next(filter(None, self._pages(service, region, operation, key, params)), ()),
                )
            ),
        )

    def _pages(
        self, service: str, region: str, operation: str, key: str, params: Mapping[str, Any]
    ) -> Iterator[Any]:
        """The items of each page.

        Without botocore's paginators: the first that a session makes looks through the folders of
        all services, which takes longer than the call.
        """
        call = getattr(self.client(service, region), operation)
        token: Mapping[str, Any] = {}
        while True:
            page = call(**params, **token)
            yield page.get(key) or ()
            following = _token(page)
            if not following:
                return
            if following == token:
                raise PaginationError(message=f"the token {following} was given twice")
            token = following

    def _try(self, needed: str, target: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _NOT_FOUND:
                return None
            message = error.response["Error"].get("Message", "")
            if code in _NO_OPERATION:
                code = NO_SUCH_OPERATION
            return ReadFailure(needed, target, code, message)
        except NotImplementedError as error:
            # A fake inside the process says it so; a client of boto3 never does.
            return ReadFailure(needed, target, NO_SUCH_OPERATION, str(error))
        except BotoCoreError as error:
            return ReadFailure(needed, target, type(error).__name__, str(error))
        except ResponseParserError as error:
            # An answer that is not even XML or JSON.  Not a BotoCoreError, whatever its name says.
            return ReadFailure(needed, target, "MalformedAnswer", str(error))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # An answer that lacks what the API model promises, met while shaping it; or a boto3
            # that is too old to know the operation.
            message = f"{type(error).__name__}: {error}"
            return ReadFailure(needed, target, "MalformedAnswer", message)


def _token(page: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameter that asks for the page after this one; empty after the last."""
    if page.get("IsTruncated") is False:
        return {}
    names = (name for name in page if name.lower().endswith(_TOKENS))
    return next(({name: page[name]} for name in names if page[name]), {})


def permission(service: str, operation: str) -> str:
    """The IAM permission of an operation, ``logs:DescribeLogGroups``.

    >>> permission("cloudwatch", "describe_alarms_for_metric")
    'cloudwatch:DescribeAlarmsForMetric'
    """
    return service + ":" + "".join(word.capitalize() for word in operation.split("_"))
