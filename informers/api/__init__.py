"""The API server's language: errors, objects, kinds, selectors, bytes on the wire, client, transport, configuration."""
