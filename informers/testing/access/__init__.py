"""Who is asking, and what they may do: tokens, service accounts, roles and bindings, and questions about them."""

__all__: list[str] = []
