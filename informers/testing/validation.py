"""stub"""
from __future__ import annotations
__all__ = ["validate_builtin"]
def validate_builtin(gvk, obj, old): return []
