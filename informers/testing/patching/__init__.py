"""How objects change: the patch formats, server-side apply, and who owns which field."""
