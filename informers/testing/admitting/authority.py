"""The variable `authorizer` of policies and match conditions: roles, asked about whoever sends the request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from informers.testing.access.questions import Access
from informers.testing.access.tokens import service_account
from informers.testing.cel.authorizer import Question, authorizer
from informers.testing.cel.values import Opaque

if TYPE_CHECKING:
    from informers.testing.access.roles import Roles
    from informers.testing.admitting.requests import Request

__all__ = ["asking", "of_request"]


def asking(roles: Roles, request: Request) -> Opaque:
    """Return the variable for one request."""

    def decide(question: Question) -> tuple[bool, str]:
        who = request.identity
        if question.account:
            *_, namespace, name = question.account.split(":")
            who = service_account(namespace, name)
        if question.path:
            return roles.decide(who, Access(question.verb, path=question.path))
        names = (question.resource, question.subresource, question.name, question.namespace)
        return roles.decide(who, Access(question.verb, question.group, "*", *names))

    return authorizer(decide)


def of_request(value: Opaque, request: Request) -> Opaque:
    """Return the variable `authorizer.requestResource`: the same, asked about the request's own object."""
    info, question = request.info, value.value
    about = replace(
        question,
        group=info.gvk.group,
        resource=info.plural,
        subresource=request.subresource,
        namespace=request.namespace,
        name=request.name,
    )
    return Opaque("kubernetes.authorization.ResourceCheck", about)
