"""Admission by configuration: policies written in expressions, and webhooks, between a request and the store.

Reading order: `requests` (what is asked), `matching` (whom it concerns), `expressions` and `params` (what policies
see), `validating`, `mutating` (the two kinds of policy), `calls`, `hooks` (webhooks), `chain`, the way in.
"""

__all__: list[str] = []
