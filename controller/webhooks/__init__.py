"""Webhooks of typed kinds: plain functions that default, validate and convert, served over HTTPS.

declared                     what is asked about which writes: `defaulting`, `validating`, `converting`
review, admission, changes   one request, the handler's `Review`, the answer and its patch
conversion                   between the versions of a kind
configuration, install       what the cluster must know
server                       the HTTPS server in front of it all
"""
