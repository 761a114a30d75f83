"""What kubectl prints, without what differs between two runs on one server."""

import re

RANDOM = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated names."""
DROPPED = re.compile(r"^(Waiting for |Warning: .*immediate deletion|[EWI]\d+ .* reflector\.go).*\n", re.MULTILINE)
"""How far a rollout is, and what client-go notes of a watch that was short, depend on when one looks."""
UNORDERED = re.compile(r"(^(\* |evicting pod |pod/\S+ evicted$|\S+  (Unh|H)ealthy  ).*\n)+", re.MULTILINE)
"""Causes of a refusal, which come from a Go map, and what happens at once: components are asked side by side."""
ENTRY = re.compile(r"^\S+:\n----\n(?:.+\n)*\n", re.MULTILINE)
ENTRIES = re.compile(rf"({ENTRY.pattern})+", re.MULTILINE)
"""What a ConfigMap holds, described: kubectl 1.32 takes it from a Go map as it comes."""
FIXED = tuple(
    (re.compile(pattern, re.MULTILINE), fixed)
    for pattern, fixed in (
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
        (r"20[2-9]\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( [+-]\d{4}|Z)", "TIME"),
        (r"\w{3}, \d\d \w{3} 20\d\d \d\d:\d\d:\d\d [+-]\d{4}", "TIME"),
        (r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d 20\d\d", "TIME"),
        (r"^[EWI]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ ", "LOG "),
        (r"(resourceVersion\W+|Resource Version: +)\d+", r"\1RV"),
        (r"\b(\d+m)?\d+s\b|\b\d+[yd](\d+[dh])?\b|<invalid>", "AGE"),
        (r"eyJ[\w-]+\.[\w-]+\.[\w-]+", "TOKEN"),
        (r"(https?://)?127\.0\.0\.1:\d+", "SERVER"),
        (r'(buildDate|gitCommit|gitTreeState|goVersion|platform)("?: ).*', r"\1\2BUILD"),
        (r"^Client Version: .*|^Kustomize Version: .*", "CLIENT"),
        (r"\b10\.\d+\.\d+\.\d+\b", "IP"),
        (r"\b3[0-2]\d{3}(/TCP)?$", r"NODEPORT\1"),
        (r"(80:|nodePort\"?: )3[0-2]\d{3}\b", r"\1NODEPORT"),
        (r"\b(fake-node|levelset-node-0)\b", "NODE"),
        (r"/tmp/[\w./-]+", "FILE"),
        (rf"\b[{RANDOM}]{{7,10}}\b", "HASH"),
        (rf"-[{RANDOM}]{{5}}\b", "-RANDOM"),
        (r"(?<=\S)[ \t]{2,}(?=\S)", "  "),
        (r"[ \t]+$", ""),
    )
)


def settled(text):
    """Return the text with uids, times, versions, ages, addresses, random names and widths of columns made equal."""
    text = DROPPED.sub("", text)
    for pattern, fixed in FIXED:
        text = pattern.sub(fixed, text)
    text = UNORDERED.sub(lambda rows: "".join(sorted(rows[0].splitlines(keepends=True))), text)
    text = ENTRIES.sub(lambda entries: "".join(sorted(ENTRY.findall(entries[0]))), text)
    return text if text.endswith("\n") or not text else text + "\n"
