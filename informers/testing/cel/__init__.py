"""The Common Expression Language as the API server speaks it: parsed, checked by type, and run within a budget.

Reading order: `types` and `tree` (what there is), `lexer`, `parser`, `macros` (text to tree), `inference`, `checker`
(what the compiler finds), `values`, `evaluator` (what an expression yields), the libraries, and `programs`, the way in.
"""

__all__: list[str] = []
